import { useMemo, useState } from "react";
import { getAddress, isAddress } from "viem";
import { Address } from "@/components/address";
import { Facts } from "@/components/facts";
import { FormField } from "@/components/form-field";
import type { Subject } from "@/features/membership/with-subject";
import { contractCall } from "@/features/wallet/call";
import { federationAbi } from "@/generated/abi";
import { Action, ActionButton } from "./action";
import { type Permission, ROLES } from "./permissions";

type Name = keyof typeof ROLES;

const WORDS: Readonly<Record<Name, string>> = {
  admin: "Admin: gives and takes roles",
  governor: "Governor: consensus, expulsion, closing",
  pauser: "Pauser: pauses and goes on",
};

/** Who has which role; to give one, or to take one back. */
export function RolesAction({ subject, may }: { subject: Subject; may: Permission }) {
  const { address, record } = subject;
  const [role, setRole] = useState<Name>("pauser");
  const [text, setText] = useState("");
  const account = isAddress(text.trim()) ? getAddress(text.trim()) : null;
  const has = account !== null && (record.roles.get(ROLES[role])?.includes(account) ?? false);
  const call = useMemo(() => {
    if (account === null) return null;
    const args = [ROLES[role], account] as const;
    return has
      ? contractCall("Take the role back", address, federationAbi, "revokeRole", args)
      : contractCall("Give the role", address, federationAbi, "grantRole", args);
  }, [account, has, role, address]);
  return (
    <Action
      title="Roles"
      may={may}
      what="Any number of accounts may have a role. An admin that takes the last role of a kind away leaves nobody who could do it."
      shown={
        <Facts
          entries={(Object.keys(WORDS) as Name[]).map((name) => [
            WORDS[name],
            <Holders key={name} accounts={record.roles.get(ROLES[name]) ?? []} />,
          ])}
        />
      }
    >
      <FormField
        label="Role"
        value={role}
        choices={(Object.keys(WORDS) as Name[]).map((name) => [name, WORDS[name]] as const)}
        onChange={(value) => setRole(value as Name)}
      />
      <FormField
        label="Account"
        placeholder="0x…"
        value={text}
        fault={
          text.trim() !== "" && account === null ? "It is 0x and 40 hex digits; copy it whole." : undefined
        }
        onChange={setText}
      />
      <ActionButton may={may} call={call} label="Give the role" />
    </Action>
  );
}

function Holders({ accounts }: { accounts: readonly string[] }) {
  if (accounts.length === 0) return "nobody";
  return (
    <span className="flex flex-wrap gap-x-3">
      {accounts.slice(0, 20).map((account) => (
        <Address key={account} value={account} />
      ))}
    </span>
  );
}
