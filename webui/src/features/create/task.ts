// The manifest and the genesis model that a federation will name, checked as its miners and devices will (docs/SPECIFICATION.md, T and V8).
import { zeroAddress } from "viem";
import { type Manifest, readManifest } from "@/features/content/manifest";
import { type Part, parseRule } from "@/lib/aggregation";
import { asObject, field, integerField, type JsonObject, parseObject } from "@/lib/json";
import { isDtype, readSafetensors } from "@/lib/safetensors";
import { cleanText } from "@/lib/text";

/** Shape and type of each tensor, by its name. */
export type Tensors = ReadonlyMap<string, string>;

export interface Task {
  manifest: Manifest;
  rule: readonly Part[];
  tensors: Tensors;
}

export interface Genesis {
  bytes: number;
  /** Numbers in it. */
  parameters: number;
  tensors: Tensors;
  metadata: ReadonlyMap<string, string>;
}

const TEXTS = ["title", "task", "inputs", "labels", "aggregation", "code_sha256", "evaluation"];
const REQUIRED = [...TEXTS, "minerva", "tensors", "hyperparameters", "rules"];
const PPM = 1e6;
const INT64 = 2 ** 63;
/** Least and most of each rule parameter (T3). */
const RULES: Readonly<Record<string, readonly [number, number]>> = {
  tau_permille: [1000, PPM],
  slow_permille: [1000, PPM],
  ema_permille: [1, 1000],
  rate_range_permille: [1000, PPM],
  rate_step_permille: [1000, PPM],
  min_rate_ns: [1, INT64],
  max_rate_ns: [1, INT64],
  sample_cap: [1, 2 ** 31],
  copy_cosine_ppm: [1, PPM],
  original_spread_permille: [1000, PPM],
  original_power: [1, 64],
  bound_permille: [1, INT64],
  bound_floor_permille: [0, PPM],
  useful_permille: [1, INT64],
};
const MOST_TENSORS = 65_536;

/** Read a manifest; a text says why nobody would train by it. */
export function readTask(data: Uint8Array): Task | string {
  const document = parseObject(data);
  const manifest = readManifest(data);
  if (document === null || manifest === null) return "this is no task manifest of version 1";
  const missing = REQUIRED.find((key) => field(document, key) === undefined);
  if (missing !== undefined) return `it has no field ${missing}`;
  const more = Object.keys(document).find((key) => !REQUIRED.includes(key) && key !== "confidential");
  if (more !== undefined) return `it has a field that no manifest has: ${cleanText(more, 40)}`;
  const untold = TEXTS.find((key) => typeof field(document, key) !== "string");
  if (untold !== undefined) return `its field ${untold} is no text`;
  if (!/^[0-9a-f]{64}$/.test(String(field(document, "code_sha256")))) return "its code's hash is no SHA-256";
  const fault = rulesFault(asObject(field(document, "rules"))) ?? settingsFault(document);
  if (fault !== null) return fault;
  const tensors = readTensors(field(document, "tensors"));
  if (typeof tensors === "string") return tensors;
  const rule = parseRule(String(field(document, "aggregation")));
  if (rule === null) return `it names no aggregation rule: ${manifest.aggregation || "nothing"}`;
  return { manifest, rule, tensors };
}

/** Read a model in safetensors; a text says why it is none. */
export function readGenesis(data: Uint8Array): Genesis | string {
  const file = readSafetensors(data);
  if (typeof file === "string") return `this is no model in safetensors: ${file}`;
  return {
    bytes: data.length,
    parameters: file.elements,
    tensors: new Map(file.tensors.map(({ name, shape, dtype }) => [name, describe(shape, dtype)])),
    metadata: new Map(file.metadata),
  };
}

/** Why a model is not the one that a manifest's federation begins with; null when it is. */
export function mismatch(task: Task, genesis: Genesis): string | null {
  if (task.rule[0]?.name === "client_momentum") {
    const other = [...task.tensors].find(([, described]) => !described.startsWith("F32 "));
    if (other !== undefined)
      return `client_momentum needs a model of float32 alone, and tensor ${cleanText(other[0], 40)} is ${other[1]}`;
  }
  for (const [name, wanted] of task.tensors) {
    const found = genesis.tensors.get(name);
    const shown = cleanText(name, 40);
    if (found === undefined) return `the model has no tensor ${shown}, which the manifest names`;
    if (found !== wanted) return `the model's tensor ${shown} is ${found}, and ${wanted} by the manifest`;
  }
  if (genesis.tensors.size > task.tensors.size)
    return "the model has tensors that the manifest does not name";
  const { metadata } = genesis;
  return metadata.get("federation") === zeroAddress && metadata.get("round") === "0"
    ? null
    : "the model is not a genesis model: it comes from a round of a federation";
}

function rulesFault(rules: JsonObject | null): string | null {
  if (rules === null) return "its verification rules are no object";
  for (const key of Object.keys(rules)) {
    const bounds = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
    const value = field(rules, key);
    if (bounds === undefined) return `it has a verification rule that nobody knows: ${cleanText(key, 40)}`;
    if (!Number.isInteger(value) || Number(value) < bounds[0] || Number(value) > bounds[1])
      return `its verification rule ${key} is out of bounds`;
  }
  const [least, most] = [
    integerField(rules, "min_rate_ns") ?? 10,
    integerField(rules, "max_rate_ns") ?? 1e10,
  ];
  return least > most ? "its plausible band of rates is empty" : null;
}

function settingsFault(document: JsonObject): string | null {
  const confidential = field(document, "confidential");
  if (confidential !== undefined && typeof confidential !== "boolean")
    return "its field confidential is neither true nor false";
  const settings = asObject(field(document, "hyperparameters"));
  const flat =
    settings !== null &&
    Object.values(settings).every(
      (value) => typeof value === "string" || typeof value === "boolean" || Number.isInteger(value),
    );
  return flat ? null : "its hyper-parameters are not a flat object of texts, integers and booleans";
}

function readTensors(value: unknown): Tensors | string {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_TENSORS)
    return `it names no tensors, or more than ${MOST_TENSORS}`;
  const tensors = new Map<string, string>();
  let former: string | null = null;
  for (const entry of value) {
    const tensor = asObject(entry);
    const [name, dtype] = [field(tensor, "name"), String(field(tensor, "dtype"))];
    const shape = shapeOf(field(tensor, "shape"));
    if (typeof name !== "string" || name === "__metadata__" || shape === null || !isDtype(dtype))
      return "it names a tensor that is none of this protocol";
    if (former !== null && name <= former) return "its tensors are not in the order of their names";
    former = name;
    tensors.set(name, describe(shape, dtype));
  }
  return tensors;
}

function shapeOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value) || value.length > 16) return null;
  const sound = value.every((side) => Number.isInteger(side) && side >= 0 && side < 2 ** 40);
  return sound ? (value as number[]) : null;
}

function describe(shape: readonly number[], dtype: string): string {
  return `${dtype} [${shape.join(", ")}]`;
}
