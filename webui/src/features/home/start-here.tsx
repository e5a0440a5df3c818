import { Command } from "@/components/command";
import { LOCAL_CHAIN_ID } from "@/features/chain/client";
import { useRuntime } from "@/features/chain/context";
import { href } from "@/hooks/use-route";

interface Role {
  name: string;
  what: string;
  line: string;
  /** The page that does the same. */
  page?: string;
}

function roles(local: boolean): readonly Role[] {
  const account = (number: number, file: string) => (local ? `anvil:${number}` : file);
  return [
    {
      name: "I have a task",
      what: "Describe the model, say how many rounds, and pay for them if you want. You own the federation.",
      line: `minerva federation create --account ${account(0, "requester.json")}`,
      page: "create",
    },
    {
      name: "I have data",
      what: "Train on your own machine. Only the model's weights leave it. Pick a federation below.",
      line: `minerva device run --account ${account(20, "device.json")}`,
    },
    {
      name: "I have a server",
      what: "Verify updates, mine blocks, attest those of others, and earn from it.",
      line: `minerva miner run --account ${account(4, "miner.json")}`,
    },
  ];
}

/** The first step of each of the three roles. */
export function StartHere() {
  const { network } = useRuntime();
  return (
    <section aria-label="Start here" className="grid grid-cols-1 gap-3 md:grid-cols-3">
      {roles(network.chainId === LOCAL_CHAIN_ID).map((role) => (
        <div
          key={role.name}
          className="flex flex-col gap-2 rounded-box border border-base-300 bg-base-100 p-4"
        >
          <h2 className="font-semibold">{role.name}</h2>
          <p className="flex-1 text-sm">{role.what}</p>
          <Command line={role.line} />
          {role.page !== undefined && (
            <a className="link text-sm" href={href(role.page)}>
              Or in this page, step by step
            </a>
          )}
        </div>
      ))}
    </section>
  );
}
