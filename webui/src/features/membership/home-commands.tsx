import { Command } from "@/components/command";
import type { HomeCommand } from "./commands";

/** Commands, each with what it is for. */
export function HomeCommands({ commands }: { commands: readonly HomeCommand[] }) {
  return (
    <ol className="space-y-2">
      {commands.map(({ what, line }) => (
        <li key={what} className="space-y-1">
          <p className="text-sm">{what}:</p>
          <Command line={line} />
        </li>
      ))}
    </ol>
  );
}
