import type { ReactNode } from "react";
import { Address } from "@/components/address";
import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import type { Call } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import type { Permission } from "./permissions";

interface Props {
  title: string;
  may: Permission;
  /** What it does, and when. */
  what: ReactNode;
  /** What anybody may see, and copy. */
  shown?: ReactNode;
  /** What is given to do it. */
  children?: ReactNode;
}

/** Something that some may do: what it does, and who they are. */
export function Action({ title, may, what, shown, children }: Props) {
  return (
    <Card
      title={title}
      aside={
        may.allowed ? (
          <Badge tone="good">you may</Badge>
        ) : (
          <Badge>{may.words === "anyone" ? "needs a wallet" : "not yours"}</Badge>
        )
      }
    >
      <div className="space-y-3">
        <p className="text-sm">{what}</p>
        <p className="flex flex-wrap items-center gap-x-3 text-sm">
          <span>Who may: {may.words}.</span>
          {may.who.slice(0, 5).map((account) => (
            <Address key={account} value={account} />
          ))}
          {may.who.length === 0 && may.words !== "anyone" && <span>Nobody has it.</span>}
        </p>
        {shown}
        <fieldset disabled={!may.allowed} className="space-y-2">
          {children}
        </fieldset>
      </div>
    </Card>
  );
}

/** The button of an action: without the right to it there is nothing to sign. */
export function ActionButton({ may, call, label }: { may: Permission; call: Call | null; label: string }) {
  return <WriteButton call={may.allowed ? call : null} label={label} />;
}
