import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatNumber } from "@/lib/format";
import type { LossPoint } from "./losses";

const INK = "var(--color-base-content)";
const PAPER = { backgroundColor: "var(--color-base-100)", borderColor: "var(--color-base-300)", color: INK };
const DOTS_UP_TO = 60;
const DOT = { r: 3, strokeDasharray: "none" };

/** Two lines over the rounds, in a script of its own; the table beside it says the same. */
export default function LossChart({ series }: { series: readonly LossPoint[] }) {
  const dot = series.length <= DOTS_UP_TO && DOT;
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height: 288 }}>
      <LineChart
        data={[...series]}
        margin={{ top: 8, right: 16, bottom: 4, left: 0 }}
        title="Loss by round"
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
          tickFormatter={(loss: number) => formatNumber(loss, 2)}
        />
        <Tooltip
          contentStyle={PAPER}
          labelFormatter={(round) => `Round ${round}`}
          formatter={(loss) => (typeof loss === "number" ? formatNumber(loss, 4) : loss)}
        />
        <Legend formatter={(name) => <span className="text-base-content text-sm">{name}</span>} />
        <Line
          name="global model, before training"
          dataKey="before"
          stroke="var(--color-primary)"
          strokeWidth={2}
          dot={dot}
          isAnimationActive={false}
        />
        <Line
          name="local models, after it"
          dataKey="after"
          stroke="var(--color-secondary)"
          strokeWidth={2}
          strokeDasharray="6 3"
          dot={dot}
          isAnimationActive={false}
        />
      </LineChart>
    </ResponsiveContainer>
  );
}
