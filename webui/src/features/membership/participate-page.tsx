import { useState } from "react";
import { type Address as AddressText, formatUnits } from "viem";
import { Card } from "@/components/card";
import { EmptyState } from "@/components/empty-state";
import { useRuntime } from "@/features/chain/context";
import { standing } from "@/features/federation/selectors";
import { RewardsCard } from "@/features/rewards/rewards-card";
import { useWallet } from "@/features/wallet/use-wallet";
import { Status } from "@/generated/enums";
import { parseCid } from "@/lib/cid";
import type { PageProps } from "@/routes";
import { deviceCommands, minerCommands } from "./commands";
import { HomeCommands } from "./home-commands";
import { StakeCard } from "./stake-card";
import { keepsList, policyStake, useListRoot, usePosition } from "./use-position";
import { type Subject, WithSubject } from "./with-subject";
import { YourDevice } from "./your-device";
import { endpointFault, minerOf, YourMiner } from "./your-miner";

type Part = "device" | "miner";

/** Taking part: as a device, as a miner, and what one has at stake and has earned. */
export default function ParticipatePage({ route }: PageProps) {
  return (
    <WithSubject text={route.parts[1] ?? ""} current="participate" heading="Participate">
      {(subject) => <Participate subject={subject} />}
    </WithSubject>
  );
}

function Participate({ subject }: { subject: Subject }) {
  const { account } = useWallet();
  const [chosen, setChosen] = useState<Part | null>(null);
  const owns = account !== null && minerOf(subject, account) !== null;
  const part = chosen ?? (owns ? "miner" : "device");
  const over = subject.state.status === Status.Closed;
  return (
    <div className="space-y-4">
      <fieldset className="flex flex-wrap items-center gap-2">
        <legend className="sr-only">What you are</legend>
        {(["device", "miner"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className={`btn btn-sm ${one === part ? "btn-primary" : ""}`}
            aria-pressed={one === part}
            onClick={() => setChosen(one)}
          >
            {one === "device" ? "I have data: a device" : "I have a server: a miner"}
          </button>
        ))}
      </fieldset>
      {over && (
        <p className="text-sm">
          This federation is over: nobody joins it any more. What was earned can be claimed.
        </p>
      )}
      {account === null ? (
        <>
          <EmptyState
            title="Connect a wallet to act from here"
            hint="The commands below run a device or a miner without one."
          />
          {!over && <Commands subject={subject} part={part} endpoint="" source="" />}
        </>
      ) : (
        // Another account has other values: nothing that was typed for one is sent by the next.
        <Mine key={`${account}-${part}`} subject={subject} account={account} part={part} over={over} />
      )}
    </div>
  );
}

interface MineProps {
  subject: Subject;
  account: AddressText;
  part: Part;
  over: boolean;
}

function Mine({ subject, account, part, over }: MineProps) {
  const { network } = useRuntime();
  const { config, state } = subject;
  const [endpoint, setEndpoint] = useState("");
  const [source, setSource] = useState("");
  const position = usePosition(config, account);
  const root = useListRoot(config, subject.address);
  const [wanted] = policyStake(config, network);
  const placed = minerOf(subject, account) !== null && state.status !== Status.Closed;
  return (
    <>
      {!over && part === "device" && (
        <YourDevice {...{ subject, account, root, source }} onSource={setSource} />
      )}
      {!over && part === "miner" && (
        <YourMiner
          {...{ subject, account, root, source, position, wanted, endpoint }}
          onSource={setSource}
          onEndpoint={setEndpoint}
        />
      )}
      {config.stake !== null && position !== undefined && (
        <StakeCard
          stake={config.stake}
          account={account}
          position={position}
          bound={placed ? config.stake.terms.minimum : 0n}
        />
      )}
      <RewardsCard subject={subject} account={account} position={position} />
      {!over && (
        <Commands
          subject={subject}
          part={part}
          endpoint={endpointFault(endpoint) === null ? endpoint.trim() : ""}
          source={source}
        />
      )}
    </>
  );
}

interface CommandsProps {
  subject: Subject;
  part: Part;
  endpoint: string;
  source: string;
}

/** What to run at home, with this federation's and this network's addresses. */
function Commands({ subject, part, endpoint, source }: CommandsProps) {
  const { network } = useRuntime();
  const { address, config, manifest, record, state } = subject;
  const listed = keepsList(config, network);
  const home = {
    network,
    federation: address,
    task: manifest?.task ?? "",
    list: !listed ? "" : parseCid(source.trim()) === null ? "members.json" : source.trim(),
    stake: stakeWords(subject, policyStake(config, network)[part === "miner" ? 0 : 1], part),
  };
  const miner = [...record.miners.values()].find((one) => standing(one, state) === "member") ?? null;
  return (
    <Card title={part === "device" ? "Run your device at home" : "Run your miner at home"}>
      <HomeCommands
        commands={
          part === "device" ? deviceCommands(home, miner?.contract ?? null) : minerCommands(home, endpoint)
        }
      />
    </Card>
  );
}

/** What the policy wants staked beyond what a miner stakes by itself, as `--amount` takes it; empty: nothing. */
function stakeWords({ config: { stake } }: Subject, wanted: bigint, part: Part): string {
  if (stake === null || wanted <= (part === "miner" ? stake.terms.minimum : 0n)) return "";
  return stake.currency.token === null ? `${formatUnits(wanted, 18)}ether` : String(wanted);
}
