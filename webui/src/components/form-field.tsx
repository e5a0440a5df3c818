import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: ReactNode;
  /** What is wrong with the value. */
  fault?: string | undefined;
  /** What the value means, or in what it is counted. */
  aside?: ReactNode;
  /** What can be chosen; of "name: what it is", the latter stands below what was chosen. */
  choices?: readonly (readonly [value: string, words: string])[] | undefined;
  /** Several lines. */
  long?: boolean;
  placeholder?: string;
}

/** One value that a person gives: its name, what it is for, and what is wrong with it. */
export function FormField({ label, value, onChange, help, fault, aside, choices, long, placeholder }: Props) {
  const id = useId();
  const shared = {
    id,
    value,
    "aria-invalid": fault !== undefined,
    "aria-describedby": `${id}-help ${id}-fault`,
  };
  const chosen = choices?.find(([choice]) => choice === value)?.[1].match(/^[^:]*: (.*?)\.?$/)?.[1];
  const wrong = fault === undefined ? "" : "-error";
  return (
    <div className="min-w-0">
      <label className="text-sm" htmlFor={id}>
        {label}
      </label>
      {choices !== undefined ? (
        <select
          {...shared}
          className={`select w-full ${wrong && "select-error"}`}
          onChange={(event) => onChange(event.target.value)}
        >
          {choices.map(([choice, words]) => (
            <option key={choice} value={choice}>
              {words.split(": ", 1)[0]}
            </option>
          ))}
        </select>
      ) : long ? (
        <textarea
          {...shared}
          rows={6}
          spellCheck={false}
          placeholder={placeholder}
          className={`textarea w-full font-mono text-sm ${wrong && "textarea-error"}`}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...shared}
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder}
          className={`input w-full ${wrong && "input-error"}`}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      <div className="mt-1 flex flex-wrap justify-between gap-x-3 text-base-content/70 text-xs">
        <p id={`${id}-help`}>
          {chosen !== undefined && `${chosen.charAt(0).toUpperCase()}${chosen.slice(1)}. `}
          {help}
        </p>
        {aside !== undefined && <p className="figures">{aside}</p>}
      </div>
      <p id={`${id}-fault`} className="min-h-5 text-sm" aria-live="polite">
        {fault}
      </p>
    </div>
  );
}
