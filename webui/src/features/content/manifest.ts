// The task manifest as far as a page shows it (docs/SPECIFICATION.md, T). It is a stranger's document.
import { arrayField, asObject, field, integerField, parseObject } from "@/lib/json";
import { cleanText } from "@/lib/text";

export interface TensorInfo {
  name: string;
  shape: string;
  dtype: string;
}

export interface Manifest {
  title: string;
  task: string;
  inputs: string;
  labels: string;
  aggregation: string;
  evaluation: string;
  codeSha256: string;
  confidential: boolean;
  tensors: readonly TensorInfo[];
  /** How many there are, of which at most 1,000 are in `tensors`. */
  tensorCount: number;
  hyperparameters: readonly (readonly [string, string])[];
  rules: readonly (readonly [string, string])[];
}

const MOST_TENSORS = 1_000;
const MOST_FIELDS = 100;

/** Read it; null when it is no manifest of version 1. A field that is not what it should be is empty. */
export function readManifest(data: Uint8Array): Manifest | null {
  const document = parseObject(data);
  if (document === null || integerField(document, "minerva") !== 1) return null;
  const text = (key: string, most = 200) => cleanText(field(document, key), most);
  const tensors = field(document, "tensors");
  return {
    title: text("title", 80),
    task: text("task", 60),
    inputs: text("inputs"),
    labels: text("labels"),
    aggregation: text("aggregation"),
    evaluation: text("evaluation", 400),
    codeSha256: text("code_sha256", 64),
    confidential: field(document, "confidential") === true,
    tensors: arrayField(document, "tensors", MOST_TENSORS).map(readTensor),
    tensorCount: Array.isArray(tensors) ? tensors.length : 0,
    hyperparameters: pairs(field(document, "hyperparameters")),
    rules: pairs(field(document, "rules")),
  };
}

function readTensor(value: unknown): TensorInfo {
  const tensor = asObject(value);
  const shape = arrayField(tensor, "shape", 16).map((size) =>
    typeof size === "number" ? String(size) : "?",
  );
  return {
    name: cleanText(field(tensor, "name"), 120),
    shape: `[${shape.join(", ")}]`,
    dtype: cleanText(field(tensor, "dtype"), 8),
  };
}

function pairs(value: unknown): [string, string][] {
  const entries = Object.entries(asObject(value) ?? {}).slice(0, MOST_FIELDS);
  return entries.map(([key, entry]) => [cleanText(key, 60), scalar(entry)]);
}

function scalar(value: unknown): string {
  if (typeof value === "string") return cleanText(value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "(not shown)";
}
