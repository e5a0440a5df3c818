// The list of who may join, as requesters write and publish it (docs/SPECIFICATION.md, A1 and A4).
import { type Address, encodeAbiParameters, getAddress, type Hex, isAddress } from "viem";
import { Role } from "@/generated/enums";
import { asObject } from "@/lib/json";
import { StandardTree } from "@/lib/standard-tree";
import { cleanText } from "@/lib/text";

export interface Listed {
  account: Address;
  role: Role;
}

export interface AllowList {
  entries: readonly Listed[];
  root: Hex;
}

export const MAX_LIST_BYTES = 16 << 20;
/** More are not listed in a page: the command line takes them. */
const MOST_ENTRIES = 20_000;
const TYPES = ["address", "uint8"];
const ROLES: Readonly<Record<string, readonly Role[]>> = {
  miner: [Role.Miner],
  device: [Role.Device],
  node: [Role.Miner, Role.Device],
};
const LINE = "A line is an address and miner, device or node.";

/** Pages ask for the same list with each key that is pressed, and a long one takes long. */
let last: { text: string; list: AllowList | string } | null = null;

/** Take a list in its text or its JSON form; a text says which line is wrong. */
export function parseList(text: string): AllowList | string {
  if (last?.text !== text) last = { text, list: readList(text) };
  return last.list;
}

function readList(text: string): AllowList | string {
  const found = /^\s*[{[]/.test(text) ? fromJson(text) : fromLines(text);
  if (typeof found === "string") return found;
  if (found.length > MOST_ENTRIES) return `A list in this page has at most ${MOST_ENTRIES} entries.`;
  const byKey = new Map(found.map((entry) => [keyOf(entry), entry]));
  const entries = [...byKey.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, entry]) => entry);
  return { entries, root: treeOf(entries).root };
}

/** What an account joins with; null when it is not on the list in this role. */
export function evidenceOf(list: AllowList, account: Address, role: Role): Hex | null {
  const proof = treeOf(list.entries).proof([account, role]);
  return proof === null ? null : encodeAbiParameters([{ type: "bytes32[]" }], [proof]);
}

/** The list as it is published: canonical JSON, accounts in their order. */
export function listText({ entries }: AllowList): string {
  const allowList = entries.map(({ account, role }) => ({ account, role: roleName(role) }));
  return JSON.stringify({ allowList, minerva: 1 });
}

function treeOf(entries: readonly Listed[]): StandardTree {
  return new StandardTree(
    TYPES,
    entries.map(({ account, role }) => [account, role]),
  );
}

function keyOf({ account, role }: Listed): string {
  return `${account} ${roleName(role)}`;
}

function roleName(role: Role): string {
  return role === Role.Miner ? "miner" : "device";
}

function fromLines(text: string): Listed[] | string {
  const found: Listed[] = [];
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const words = (line.split("#", 1)[0] ?? "").replaceAll(",", " ").split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const entry = words.length === 2 ? readEntry(words[0], words[1]) : LINE;
    if (typeof entry === "string") return `Line ${at + 1}: ${entry}`;
    found.push(...entry);
  }
  return found;
}

function fromJson(text: string): Listed[] | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return "It begins like JSON and is none.";
  }
  const entries = Array.isArray(document) ? document : asObject(document)?.allowList;
  if (!Array.isArray(entries)) return 'It is {"allowList": [{"account": "0x…", "role": "device"}, …]}.';
  const found: Listed[] = [];
  for (const [at, value] of entries.entries()) {
    const object = asObject(value);
    const whole = object !== null && Object.keys(object).sort().join() === "account,role";
    const entry = whole
      ? readEntry(object.account, object.role)
      : 'It is {"account": "0x…", "role": "device"}.';
    if (typeof entry === "string") return `Entry ${at + 1}: ${entry}`;
    found.push(...entry);
  }
  return found;
}

function readEntry(account: unknown, role: unknown): Listed[] | string {
  const shown = cleanText(String(account), 50);
  if (typeof account !== "string" || !isAddress(account, { strict: false }) || mistyped(account)) {
    return `${shown} is no address: it is 0x and 40 hex digits whose capitals fit them; copy it whole.`;
  }
  const roles = ROLES[String(role).toLowerCase()];
  if (roles === undefined || !Object.hasOwn(ROLES, String(role).toLowerCase())) {
    return `${cleanText(String(role), 20)} is no role: it is miner, device or node.`;
  }
  return roles.map((one) => ({ account: getAddress(account), role: one }));
}

/** Whether capitals among the digits say that others were meant. */
function mistyped(account: string): boolean {
  const digits = account.slice(2);
  const mixed = digits !== digits.toLowerCase() && digits !== digits.toUpperCase();
  return mixed && account !== getAddress(account);
}
