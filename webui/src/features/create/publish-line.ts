import { USUAL_RULE } from "@/lib/aggregation";
import { shellLine } from "@/lib/shell";

export interface Publication {
  task: string;
  title: string;
  aggregation: string;
  confidential: boolean;
  /** Least devices, for which the rule must suffice; NaN: the default. */
  devices: number;
}

/** The command that puts a task's manifest and genesis model on IPFS; what is as usual is left out. */
export function publishLine({ task, title, aggregation, confidential, devices }: Publication): string {
  const words = ["minerva", "task", "publish", task.trim() || "digits"];
  const set = (key: string, value: string) => words.push("--set", `create.${key}=${value}`);
  if (title.trim() !== "") set("title", title.trim());
  if (aggregation !== "" && aggregation !== USUAL_RULE) set("aggregation", aggregation);
  if (devices > 1) set("min_devices", String(devices));
  if (confidential) set("confidential", "true");
  return shellLine(...words);
}
