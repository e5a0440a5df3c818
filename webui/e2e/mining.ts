// What anvil alone can do: blocks when a test wants them.
import { createTestClient, http } from "viem";
import { stack } from "./stack";

const testClient = () => createTestClient({ mode: "anvil", transport: http(stack().rpc) });

/** Put what waits into a block. */
export const mine = () => testClient().mine({ blocks: 1 });

/** Transactions wait, each for a block that `mine` makes. */
export async function withoutMining(run: () => Promise<void>): Promise<void> {
  await testClient().setAutomine(false);
  try {
    await run();
  } finally {
    await testClient().setAutomine(true);
    await mine();
  }
}
