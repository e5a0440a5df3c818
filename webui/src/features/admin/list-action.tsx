import { useMemo, useState } from "react";
import type { Hex } from "viem";
import { Command } from "@/components/command";
import { FormField } from "@/components/form-field";
import { Hash } from "@/components/hash";
import { type AllowList, listText, parseList } from "@/features/membership/allow-list";
import { useList } from "@/features/membership/evidence-field";
import type { Subject } from "@/features/membership/with-subject";
import { contractCall } from "@/features/wallet/call";
import { allowListPolicyAbi } from "@/generated/abi";
import { shellLine } from "@/lib/shell";
import { plural } from "@/lib/text";
import { Action, ActionButton } from "./action";
import type { Permission } from "./permissions";

/** Lets others in: the present list and who comes to it make the next root. */
export function ListAction({ subject, may, root }: { subject: Subject; may: Permission; root: Hex }) {
  const { address, config } = subject;
  const [source, setSource] = useState("");
  const [added, setAdded] = useState("");
  const present = useList(source);
  const next = useMemo(() => extended(present, root, added), [present, root, added]);
  const call = useMemo(
    () =>
      typeof next === "string" || next === null
        ? null
        : contractCall("Put its root on the chain", config.policy, allowListPolicyAbi, "setRoot", [
            address,
            next.root,
          ]),
    [next, config.policy, address],
  );
  const stale = present !== null && typeof present !== "string" && present.root !== root;
  return (
    <Action
      title="Allow-list"
      may={may}
      what="Adds members to the list; who is in stays in. The chain keeps the root alone: publish the list after that."
      shown={
        <p className="text-sm">
          Root on the chain: <Hash value={root} what="root" />
        </p>
      }
    >
      <FormField
        label="The present list"
        help="Its CID, or its text."
        long
        value={source}
        fault={
          typeof present === "string"
            ? present
            : stale
              ? "This is not the list whose root the chain has."
              : undefined
        }
        onChange={setSource}
      />
      <FormField
        label="Who comes to it"
        help="A line for each: an address and miner, device or node."
        long
        value={added}
        fault={typeof next === "string" ? next : undefined}
        onChange={setAdded}
      />
      {next !== null && typeof next !== "string" && (
        <div className="space-y-2 text-sm">
          <p>
            The next list has {plural(next.entries.length, "entry", "entries")}; its root is{" "}
            <Hash value={next.root} what="root" />. Save it as members.json and publish it:
          </p>
          <textarea
            readOnly
            aria-label="The next list"
            rows={4}
            className="textarea w-full font-mono text-xs"
            value={listText(next)}
          />
          <Command
            line={shellLine("minerva", "federation", "allow", address, "--allow-list", "members.json")}
          />
        </div>
      )}
      <ActionButton may={may} call={call} label="Put its root on the chain" />
    </Action>
  );
}

/** The list with the lines added; null while there is nothing to add, a text for lines that are none. */
export function extended(
  present: AllowList | string | null,
  root: Hex,
  added: string,
): AllowList | string | null {
  if (added.trim() === "") return null;
  const lines = parseList(added);
  if (typeof lines === "string") return lines;
  if (present === null || typeof present === "string" || present.root !== root) return null;
  const words = [...present.entries, ...lines.entries].map(
    ({ account, role }) => `${account} ${role === 0 ? "miner" : "device"}`,
  );
  const next = parseList(words.join("\n"));
  return typeof next !== "string" && next.root === root ? "All of these are on the list already." : next;
}
