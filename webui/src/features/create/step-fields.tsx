import type { ReactNode } from "react";
import { FormField } from "@/components/form-field";
import type { Currency } from "@/features/federation/use-federation-state";
import { formatBytes, formatDuration } from "@/lib/format";
import { cleanText } from "@/lib/text";
import { type Draft, type Field, isAsked, mostOf, numberOf, textOf } from "./draft";

interface Props {
  fields: readonly Field[];
  draft: Draft;
  faults: Readonly<Record<string, string>>;
  currencies: { stake: Currency | null; reward: Currency | null };
  set: (key: string, value: string) => void;
}

/** A step's fields; those that do not matter with the other choices are left out. */
export function StepFields({ fields, draft, faults, currencies, set }: Props) {
  return (
    <div className="grid gap-x-4 gap-y-2 md:grid-cols-2">
      {fields
        .filter((field) => isAsked(field, draft))
        .map((field) => (
          <div key={field.key} className={field.kind === "list" ? "md:col-span-2" : "min-w-0"}>
            <FormField
              label={field.label}
              help={field.help}
              value={textOf(draft, field.key)}
              fault={faults[field.key]}
              choices={field.choices}
              long={field.kind === "list"}
              aside={asideOf(field, draft, currencies)}
              placeholder={field.kind === "list" ? "0x… device" : field.usual}
              onChange={(value) => set(field.key, value)}
            />
          </div>
        ))}
    </div>
  );
}

/** The value in other words, or what it is counted in. */
export function asideOf(field: Field, draft: Draft, currencies: Props["currencies"]): ReactNode {
  const value = numberOf(draft, field.key);
  const known = !Number.isNaN(value) && value <= Math.max(mostOf(field, draft), 0);
  switch (field.kind) {
    case "seconds":
      return known ? `seconds = ${formatDuration(value)}` : "seconds";
    case "bytes":
      return known ? `bytes = ${formatBytes(value)}` : "bytes";
    case "money": {
      const currency = field.currency === "reward" ? currencies.reward : currencies.stake;
      return currency === null ? "?" : <bdi>{cleanText(currency.symbol, 12) || "tokens"}</bdi>;
    }
    default:
      return undefined;
  }
}
