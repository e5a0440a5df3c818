import { type FormEvent, useState } from "react";
import { useRuntime } from "@/features/chain/context";
import { parsePrice } from "@/lib/coin";
import { endpoint, NO_SETTINGS, type Settings, writeSettings } from "@/lib/runtime";

interface Field {
  key: keyof Settings;
  label: string;
  fits: (text: string) => boolean;
  /** What to give. */
  wanted: string;
}

const begins = (key: keyof Settings, label: string, ...protocols: string[]): Field => ({
  key,
  label,
  fits: (text) => endpoint(text, undefined, protocols) !== "",
  wanted: `Give an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}.`,
});

const FIELDS: readonly Field[] = [
  begins("rpc", "RPC", "http:", "https:"),
  begins("ws", "WebSocket", "ws:", "wss:"),
  begins("gateway", "IPFS gateway", "http:", "https:"),
  {
    key: "price",
    label: "Price of one coin",
    fits: (text) => parsePrice(text) !== null,
    wanted: "Give an amount and a currency's code: 3000 USD.",
  },
];

/** Whom this page speaks to, and in what money it tells costs; kept in this browser. The page starts anew with them, since its policy names them. */
export function SettingsForm() {
  const { settings, served } = useRuntime();
  const [values, setValues] = useState<Settings>(settings);
  const wrong = FIELDS.filter(({ key, fits }) => values[key].trim() !== "" && !fits(values[key]));

  const keep = (next: Settings) => {
    writeSettings(localStorage, next);
    window.location.reload();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong.length === 0) keep(values);
  };
  return (
    <form onSubmit={submit} className="max-w-xl space-y-3">
      {FIELDS.map(({ key, label, wanted }) => {
        const bad = wrong.some((field) => field.key === key);
        return (
          <div key={key}>
            <label className="text-sm" htmlFor={`setting-${key}`}>
              {label}
            </label>
            <input
              id={`setting-${key}`}
              className={`input w-full ${bad ? "input-error" : ""}`}
              value={values[key]}
              placeholder={served[key] || "none"}
              aria-invalid={bad}
              aria-describedby={bad ? `wrong-${key}` : undefined}
              onChange={(event) => setValues({ ...values, [key]: event.target.value })}
            />
            <p id={`wrong-${key}`} className="min-h-5 text-sm">
              {bad && wanted}
            </p>
          </div>
        );
      })}
      <div className="flex gap-2">
        <button type="submit" className="btn btn-primary" disabled={wrong.length > 0}>
          Keep and reload
        </button>
        <button type="button" className="btn" onClick={() => keep(NO_SETTINGS)}>
          As served
        </button>
      </div>
    </form>
  );
}
