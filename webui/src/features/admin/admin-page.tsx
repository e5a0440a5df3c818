import { useRuntime } from "@/features/chain/context";
import { keepsList, useListRoot } from "@/features/membership/use-position";
import { type Subject, WithSubject } from "@/features/membership/with-subject";
import { useWallet } from "@/features/wallet/use-wallet";
import { Status } from "@/generated/enums";
import { useChainNow } from "@/hooks/use-chain-now";
import type { PageProps } from "@/routes";
import { ConsensusAction } from "./consensus-action";
import { EscrowAction } from "./escrow-action";
import { CloseAction, ExpelAction, PauseAction } from "./governor-actions";
import { ListAction } from "./list-action";
import { pauseUsedUp, permission, type Right } from "./permissions";
import { RolesAction } from "./roles-action";

/** What the requester, and those to whom it gave a role, decide on the way; and the escrow, which anyone may fill. */
export default function AdminPage({ route }: PageProps) {
  return (
    <WithSubject text={route.parts[1] ?? ""} current="admin" heading="Admin">
      {(subject) => <Actions subject={subject} />}
    </WithSubject>
  );
}

function Actions({ subject }: { subject: Subject }) {
  const { account } = useWallet();
  const { network } = useRuntime();
  const now = useChainNow();
  const { address, config, record, state } = subject;
  const root = useListRoot(config, address);
  const may = (right: Right) => permission(right, account, record, config.requester);
  const usedUp = state.status === Status.Paused && pauseUsedUp(state, config.maxPauseSeconds, now);
  const over = state.status === Status.Closed;
  return (
    <div className="space-y-4">
      {account === null && (
        <p className="text-sm">
          Connect a wallet to see what is yours to decide. Everything can be read without one.
        </p>
      )}
      {over && (
        <p className="text-sm">
          This federation is over: only its escrow, its list and its roles can still be touched.
        </p>
      )}
      {/* Another account has other rights: nothing that was typed for one is sent by the next. */}
      <div key={account} className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <EscrowAction subject={subject} may={may("anyone")} />
        {!over && <PauseAction subject={subject} may={may(usedUp ? "anyone" : "pauser")} />}
        {!over && <ConsensusAction subject={subject} may={may("governor")} />}
        {!over && <ExpelAction subject={subject} may={may("governor")} />}
        {keepsList(config, network) && root != null && (
          <ListAction subject={subject} may={may("requester")} root={root} />
        )}
        <RolesAction subject={subject} may={may("admin")} />
        {!over && <CloseAction subject={subject} may={may("governor")} />}
      </div>
    </div>
  );
}
