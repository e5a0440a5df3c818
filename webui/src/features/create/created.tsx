import { type Address as AddressText, parseEventLogs, type TransactionReceipt } from "viem";
import { Address } from "@/components/address";
import { Card } from "@/components/card";
import { Command } from "@/components/command";
import { listText, parseList } from "@/features/membership/allow-list";
import { factoryAbi } from "@/generated/abi";
import { href } from "@/hooks/use-route";
import { saveFile } from "@/lib/save";
import { shellLine } from "@/lib/shell";
import { type Draft, textOf } from "./draft";
import { isPaid, keepsList } from "./fields-terms";

/** The federation that a transaction created. */
export function createdBy(receipt: TransactionReceipt): AddressText | null {
  const [created] = parseEventLogs({ abi: factoryAbi, eventName: "FederationCreated", logs: receipt.logs });
  return created?.args.federation ?? null;
}

interface Props {
  federation: AddressText;
  draft: Draft;
  onAnother: () => void;
}

/** It is there: what comes next. */
export function Created({ federation, draft, onAnother }: Props) {
  return (
    <Card title="Your federation is there">
      <div className="space-y-4">
        <Address value={federation} link={href("federation", federation)} full />
        <ol className="list-decimal space-y-3 pl-5">
          {isPaid(draft) && (
            <li>
              Fund its escrow: round 1 opens once it is complete.{" "}
              <a className="link" href={href("admin", federation)}>
                To the escrow
              </a>
            </li>
          )}
          {keepsList(draft) && (
            <li className="space-y-2">
              <p>Give the list to your members, as a file or on IPFS: they join with it.</p>
              <SaveList text={textOf(draft, "allowList")} />
              <Command
                line={shellLine("minerva", "federation", "allow", federation, "--allow-list", "members.json")}
              />
            </li>
          )}
          <li>
            Have miners and devices join.{" "}
            <a className="link" href={href("participate", federation)}>
              How they do
            </a>
          </li>
          <li>
            <a className="link" href={href("federation", federation)}>
              Watch it
            </a>
          </li>
        </ol>
        <button type="button" className="btn btn-sm" onClick={onAnother}>
          Create another one
        </button>
      </div>
    </Card>
  );
}

/** The list in its published form. */
function SaveList({ text }: { text: string }) {
  const list = parseList(text);
  if (typeof list === "string") return null;
  const save = () => saveFile("members.json", listText(list), "application/json");
  return (
    <button type="button" className="btn btn-sm" onClick={save}>
      Save members.json
    </button>
  );
}
