import { useEffect, useState } from "react";
import { Icon } from "./icon";

interface Props {
  text: string;
  /** What is copied: "address", "command". */
  what: string;
}

export function CopyButton({ text, what }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="btn btn-ghost btn-xs btn-square"
      aria-label={copied ? `${what} copied` : `Copy the ${what}`}
      onClick={() => void navigator.clipboard?.writeText(text).then(() => setCopied(true))}
    >
      <Icon name={copied ? "done" : "copy"} size={14} />
    </button>
  );
}
