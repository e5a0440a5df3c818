import { cleanText } from "@/lib/text";

interface Props {
  value: unknown;
  most?: number;
  /** What stands there when nothing is left of it. */
  none?: string;
}

/** A text that somebody else wrote: cut, without what hides or turns its letters, and kept apart from ours. */
export function StrangerText({ value, most = 200, none = "–" }: Props) {
  return <bdi className="[overflow-wrap:anywhere]">{cleanText(value, most) || none}</bdi>;
}
