// The first script of the page: whom it may speak to is settled before anything else loads.
import { connectSources, parseConfig, readSettings, withSettings } from "./lib/runtime";

const TIMEOUT_MS = 10_000;

async function boot(): Promise<void> {
  const page = document.baseURI.replace(/#.*$/, "");
  const served = parseConfig(await readConfig(), page);
  if (typeof served === "string") return complain(served);
  const runtime = withSettings(served, readSettings(localStorage));
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = connectSources(runtime.network);
  document.head.append(policy);
  const { start } = await import("./main");
  start(runtime);
}

async function readConfig(): Promise<unknown> {
  const answer = await fetch("./config.json", { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`config.json: the server answers ${answer.status}`);
  return answer.json();
}

function complain(why: string): void {
  const place = document.getElementById("root");
  if (place === null) return;
  const text = document.createElement("p");
  text.setAttribute("role", "alert");
  text.className = "p-8";
  text.textContent = `The dashboard does not know its network: ${why}. 'minerva webui' serves it with a config.json; docs/webui.md has its form.`;
  place.replaceChildren(text);
}

boot().catch((error: unknown) => complain(error instanceof Error ? error.message : String(error)));
