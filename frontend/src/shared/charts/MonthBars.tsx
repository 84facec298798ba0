// Money in and out by month, as pairs of bars over one scale; out is hatched, so that the two differ without colour.
import { max } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";
import { useId } from "react";
import { useFormat } from "@/shared/format";
import { useWidth } from "./useWidth";
import "./charts.css";

export interface Month {
  month: string;
  income: number;
  expense: number;
}

const MARGIN = { top: 10, right: 4, bottom: 26, left: 58 };

export function MonthBars({
  months,
  currency,
  sentence,
  height = 220,
}: {
  months: readonly Month[];
  currency: string;
  sentence: string;
  height?: number;
}) {
  const format = useFormat();
  const hatch = useId();
  const [frame, width] = useWidth();
  const inner = {
    width: Math.max(width - MARGIN.left - MARGIN.right, 10),
    height: height - MARGIN.top - MARGIN.bottom,
  };
  const x = scaleBand(
    months.map((one) => one.month),
    [0, inner.width],
  )
    .paddingInner(0.35)
    .paddingOuter(0.1);
  const y = scaleLinear([0, max(months, (one) => Math.max(one.income, one.expense)) ?? 1], [inner.height, 0]).nice(3);
  const half = Math.max(x.bandwidth() / 2 - 1, 1);
  const every = Math.ceil(months.length / Math.max(1, Math.floor(inner.width / 56)));
  return (
    <div ref={frame} className="chart" role="img" aria-label={sentence} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          <defs>
            <pattern id={hatch} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="5" height="5" className="hatch-ground" />
              <line y2="5" className="hatch-line" />
            </pattern>
          </defs>
          <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
            {y.ticks(3).map((tick) => (
              <g key={tick} transform={`translate(0 ${y(tick)})`}>
                <line className="chart-rule" x2={inner.width} />
                <text className="chart-tick" x={-10} dy="0.32em" textAnchor="end">
                  {format.money(tick, currency, { compact: tick >= 10_000, whole: tick < 10_000 })}
                </text>
              </g>
            ))}
            {months.map((one, index) => (
              <g key={one.month} transform={`translate(${x(one.month) ?? 0} 0)`}>
                <title>{`${format.month(one.month)}: in ${format.money(one.income, currency)}, out ${format.money(one.expense, currency)}`}</title>
                <rect className="bar-in" width={half} y={y(one.income)} height={inner.height - y(one.income)} rx={2} />
                <rect
                  fill={`url(#${hatch})`}
                  className="bar-out"
                  x={half + 2}
                  width={half}
                  y={y(one.expense)}
                  height={inner.height - y(one.expense)}
                  rx={2}
                />
                {(months.length - 1 - index) % every === 0 && (
                  <text className="chart-tick" x={x.bandwidth() / 2} y={inner.height + 20} textAnchor="middle">
                    {format.month(one.month)}
                  </text>
                )}
              </g>
            ))}
          </g>
        </svg>
      )}
    </div>
  );
}
