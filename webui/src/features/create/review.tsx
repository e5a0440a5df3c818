import { type TransactionReceipt, zeroAddress } from "viem";
import { Address } from "@/components/address";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { StrangerText } from "@/components/stranger-text";
import { useRuntime } from "@/features/chain/context";
import type { Currency } from "@/features/federation/use-federation-state";
import { parseList } from "@/features/membership/allow-list";
import type { Call } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { formatAmount } from "@/lib/format";
import { cleanText, plural } from "@/lib/text";
import { type Faults, type Place, POLICY_NAMES, unitOf, warningsOf } from "./check";
import { type Draft, type Field, isAsked, STEPS, textOf } from "./draft";
import { asideOf } from "./step-fields";
import type { Contents } from "./use-task";

interface Props {
  draft: Draft;
  place: Place;
  contents: Contents;
  faults: Faults;
  currencies: { stake: Currency | null; reward: Currency | null };
  call: Call | null;
  onCreated: (receipt: TransactionReceipt) => void;
}

/** The whole configuration once more, as it will be signed. */
export function Review({ draft, place, contents, faults, currencies, call, onCreated }: Props) {
  const wrong = Object.keys(faults).length;
  const warnings = warningsOf(draft, place);
  const { task } = contents;
  return (
    <div className="space-y-4">
      <section>
        <h3 className="mb-1 font-semibold">Task</h3>
        <Facts
          entries={[
            [
              "Title",
              <StrangerText
                key="t"
                value={task !== null && typeof task !== "string" ? task.manifest.title : ""}
                none="unknown: the manifest was not read"
                most={80}
              />,
            ],
            ["Manifest", <Hash key="m" value={textOf(draft, "manifest").slice(0, 100)} what="CID" full />],
            ["Genesis model", <Hash key="g" value={textOf(draft, "model").slice(0, 100)} what="CID" full />],
          ]}
        />
      </section>
      {STEPS.filter(({ fields }) => fields.length > 0).map(({ name, title, fields }) => (
        <section key={name}>
          <h3 className="mb-1 font-semibold">{title}</h3>
          <Facts
            entries={fields
              .filter((field) => isAsked(field, draft))
              .map((field) => [
                field.label,
                <Value key={field.key} {...{ field, draft, place, currencies }} />,
              ])}
          />
        </section>
      ))}
      <Contracts draft={draft} place={place} />
      {warnings.length > 0 && (
        <ul className="alert alert-warning alert-soft block list-disc space-y-1 pl-8 text-base-content text-sm">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      {wrong > 0 && (
        <p role="alert" className="text-sm">
          {plural(wrong, "value")} must be mended first: the steps above show which.
        </p>
      )}
      <p className="text-sm">None of this can be changed later, the consensus module and the list apart.</p>
      <WriteButton call={call} label="Create the federation" onConfirmed={onCreated} />
    </div>
  );
}

function Value({
  field,
  draft,
  place,
  currencies,
}: { field: Field } & Pick<Props, "draft" | "place" | "currencies">) {
  const text = cleanText(textOf(draft, field.key), 80);
  const aside = asideOf(field, draft, currencies);
  if (field.kind === "choice") return field.choices?.find(([value]) => value === text)?.[1] ?? text;
  if (field.kind === "list") {
    const list = parseList(textOf(draft, field.key));
    return typeof list === "string" ? "not readable" : plural(list.entries.length, "entry", "entries");
  }
  if (field.kind === "address") return text === "" ? "ether" : <Address value={text} full />;
  if (field.key === "stakeUnit" && text === "") {
    const [unit, currency] = [unitOf(draft, place), currencies.stake];
    return unit === null || currency === null
      ? "?"
      : formatAmount(unit, currency.decimals, cleanText(currency.symbol, 12) || "tokens");
  }
  return (
    <span className="figures">
      {text} {aside}
    </span>
  );
}

/** The contracts that will decide, as this network's deployment names them. */
function Contracts({ draft, place }: Pick<Props, "draft" | "place">) {
  const { network } = useRuntime();
  const module = place.modules[textOf(draft, "consensus")] ?? zeroAddress;
  const policy = place.policies[POLICY_NAMES[textOf(draft, "policy")] ?? ""];
  return (
    <section>
      <h3 className="mb-1 font-semibold">Contracts</h3>
      <Facts
        entries={[
          ["Factory", <Address key="f" value={network.factory} full />],
          ["Consensus module", <Address key="c" value={module} full />],
          [
            "Policy",
            policy === undefined ? "none: anyone may join" : <Address key="p" value={policy} full />,
          ],
        ]}
      />
    </section>
  );
}
