import { CopyButton } from "./copy-button";

/** A command line to be run at home. */
export function Command({ line }: { line: string }) {
  return (
    <div className="flex items-start gap-2 rounded-box bg-base-200 p-2">
      <code className="min-w-0 flex-1 whitespace-pre-wrap [overflow-wrap:anywhere] text-sm">{line}</code>
      <CopyButton text={line} what="command" />
    </div>
  );
}
