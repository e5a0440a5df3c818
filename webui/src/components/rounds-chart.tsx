import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatNumber } from "@/lib/format";

const INK = "var(--color-base-content)";
const PAPER = { backgroundColor: "var(--color-base-100)", borderColor: "var(--color-base-300)", color: INK };
const DOTS_UP_TO = 60;
const DOT = { r: 3, strokeDasharray: "none" };
const STROKES = [
  { stroke: "var(--color-primary)", strokeWidth: 2 },
  { stroke: "var(--color-secondary)", strokeWidth: 2, strokeDasharray: "6 3" },
  { stroke: "var(--color-accent)", strokeWidth: 2, strokeDasharray: "2 3" },
  { stroke: INK, strokeWidth: 1, strokeDasharray: "8 4" },
];

interface Props {
  title: string;
  /** One for each round, which `round` tells; the other keys are the lines' values. */
  rows: readonly object[];
  lines: readonly { key: string; name: string }[];
  /** Least and most of the values; without it as they come. */
  domain?: readonly [number, number];
}

/** Lines over the rounds, in a script of its own; a table beside it says the same. */
export default function RoundsChart({ title, rows, lines, domain }: Props) {
  const dot = rows.length <= DOTS_UP_TO && DOT;
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height: 288 }}>
      <LineChart
        data={[...rows]}
        margin={{ top: 8, right: 16, bottom: 4, left: 0 }}
        title={title}
        desc="The table below has the same figures."
      >
        <CartesianGrid stroke={INK} strokeOpacity={0.15} />
        <XAxis
          dataKey="round"
          type="number"
          domain={["dataMin", "dataMax"]}
          allowDecimals={false}
          stroke={INK}
          tick={{ fill: INK, fontSize: 12 }}
        />
        <YAxis
          stroke={INK}
          tick={{ fill: INK, fontSize: 12 }}
          width={64}
          domain={domain === undefined ? undefined : [...domain]}
          tickFormatter={(value: number) => formatNumber(value, 2)}
        />
        <Tooltip
          contentStyle={PAPER}
          labelFormatter={(round) => `Round ${round}`}
          formatter={(value) => (typeof value === "number" ? formatNumber(value, 4) : value)}
        />
        <Legend formatter={(name) => <span className="text-base-content text-sm">{name}</span>} />
        {lines.map(({ key, name }, at) => (
          <Line
            key={key}
            name={name}
            dataKey={key}
            {...STROKES[at % STROKES.length]}
            dot={dot}
            connectNulls
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  );
}
