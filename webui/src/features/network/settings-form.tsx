import { type FormEvent, useState } from "react";
import { useRuntime } from "@/features/chain/context";
import { endpoint, type Settings, writeSettings } from "@/lib/runtime";

interface Field {
  key: keyof Settings;
  label: string;
  protocols: readonly string[];
}

const FIELDS: readonly Field[] = [
  { key: "rpc", label: "RPC", protocols: ["http:", "https:"] },
  { key: "ws", label: "WebSocket", protocols: ["ws:", "wss:"] },
  { key: "gateway", label: "IPFS gateway", protocols: ["http:", "https:"] },
];

/** Whom this page speaks to; kept in this browser. The page starts anew with them, since its policy names them. */
export function SettingsForm() {
  const { settings, served } = useRuntime();
  const [values, setValues] = useState<Settings>(settings);
  const wrong = FIELDS.filter(
    ({ key, protocols }) => values[key].trim() !== "" && !endpoint(values[key], undefined, protocols),
  );

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
      {FIELDS.map(({ key, label, protocols }) => {
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
              {bad &&
                `Give an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}.`}
            </p>
          </div>
        );
      })}
      <div className="flex gap-2">
        <button type="submit" className="btn btn-primary" disabled={wrong.length > 0}>
          Keep and reload
        </button>
        <button type="button" className="btn" onClick={() => keep({ rpc: "", ws: "", gateway: "" })}>
          As served
        </button>
      </div>
    </form>
  );
}
