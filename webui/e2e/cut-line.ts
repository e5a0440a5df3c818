// Stands before an RPC, by HTTP and WebSocket, and is switched off and on: then whoever calls is cut off.
import { connect, createServer, type Server, type Socket } from "node:net";

export class CutLine {
  private readonly sockets = new Set<Socket>();
  private on = true;

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {}

  static start(rpc: string): Promise<CutLine> {
    const { hostname, port } = new URL(rpc);
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (typeof address !== "object" || address === null) return reject(new Error("no port"));
        const line = new CutLine(server, address.port);
        server.on("connection", (socket) => line.take(socket, Number(port), hostname));
        resolve(line);
      });
    });
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  switchOff(): void {
    this.on = false;
    for (const socket of this.sockets) socket.destroy();
  }

  switchOn(): void {
    this.on = true;
  }

  stop(): void {
    this.switchOff();
    this.server.close();
  }

  private take(socket: Socket, port: number, host: string): void {
    if (!this.on) {
      socket.destroy();
      return;
    }
    const behind = connect(port, host);
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      this.sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}
