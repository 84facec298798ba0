// Lines and bands over time: history solid, future dashed after the "today" mark, percentiles as bands, single points with their words.
//
// Drawn as SVG from d3's scales and shapes, so that colours, type and motion come from the same style sheet as everything else.
import { extent } from "d3-array";
import { scaleLinear, scaleUtc } from "d3-scale";
import { area, curveLinear, curveStepAfter, line } from "d3-shape";
import { useMemo } from "react";
import { useFormat } from "@/shared/format";
import { Crosshair } from "./Crosshair";
import { useWidth } from "./useWidth";
import "./charts.css";

export interface Point {
  t: number;
  v: number;
}

export interface Line {
  id: string;
  label: string;
  tone: "accent" | "future" | "ink" | "info" | "warn";
  points: readonly Point[];
  /** From this time on the line is dashed: it has not happened. */
  dashedFrom?: number;
  dashed?: boolean;
}

export interface Band {
  id: string;
  tone: "accent" | "future";
  inner?: boolean;
  points: readonly { t: number; low: number; high: number }[];
}

export interface Spot extends Point {
  label: string;
  tone: Line["tone"] | "danger";
}

/** Something that happens on a day, drawn on the axis; its shape says the kind. */
export interface Mark {
  t: number;
  label: string;
  shape: "refused" | "short" | "told";
}

const SHAPES: Record<Mark["shape"], { d: string; tone: string }> = {
  refused: { d: "M-5-5 0 0 5-5 7-3 2 2 7 7 5 9 0 4-5 9-7 7-2 2-7-3Z", tone: "danger" },
  short: { d: "M-6-5H6L0 6Z", tone: "warn" },
  told: { d: "M0-5A5 5 0 1 1 0 5 5 5 0 1 1 0-5Z", tone: "info" },
};

interface TimeChartProps {
  sentence: string;
  lines: readonly Line[];
  bands?: readonly Band[];
  spots?: readonly Spot[];
  marks?: readonly Mark[];
  today?: number;
  /** Without one the values are plain numbers. */
  currency?: string | undefined;
  height?: number;
  stepped?: boolean;
  zero?: boolean;
  /** The values that the height stands for, where the data do not say. */
  range?: readonly [number, number];
  filled?: boolean;
}

const MARGIN = { top: 18, right: 12, bottom: 26, left: 58 };
const NONE: readonly never[] = [];

export function TimeChart(props: TimeChartProps) {
  const {
    sentence,
    lines,
    bands = NONE,
    spots = NONE,
    marks = NONE,
    today,
    currency,
    height = 260,
    stepped = false,
    zero = false,
    range,
  } = props;
  const format = useFormat();
  const [frame, width] = useWidth();
  const inner = {
    width: Math.max(width - MARGIN.left - MARGIN.right, 10),
    height: height - MARGIN.top - MARGIN.bottom,
  };

  const drawn = useMemo(() => {
    const points = lines.flatMap((one) => one.points);
    const [first = 0, last = 1] = extent([...points, ...bands.flatMap((one) => one.points)], (point) => point.t);
    const values = [
      ...points.map((point) => point.v),
      ...bands.flatMap((one) => one.points.flatMap((p) => [p.low, p.high])),
    ];
    const [low = 0, high = 1] = extent(range ?? (zero ? [0, ...values] : values));
    const room = low === high ? Math.max(Math.abs(low) * 0.1, 1) : 0;
    const x = scaleUtc([new Date(first), new Date(last)], [0, inner.width]);
    const y = scaleLinear([low - room, high + room], [inner.height, 0]).nice(4);
    const curve = stepped ? curveStepAfter : curveLinear;
    const path = line<Point>(
      (point) => x(point.t),
      (point) => y(point.v),
    ).curve(curve);
    const under = area<Point>(
      (point) => x(point.t),
      y.range()[0] ?? 0,
      (point) => y(point.v),
    ).curve(curve);
    const band = area<Band["points"][number]>(
      (p) => x(p.t),
      (p) => y(p.low),
      (p) => y(p.high),
    );
    return { x, y, path, under, band };
  }, [lines, bands, inner.width, inner.height, stepped, zero, range]);
  const { x, y, path, under, band } = drawn;
  const [from = new Date(0), to = new Date(1)] = x.domain();
  // Over most of a year a day without its year could be either year's.
  const years = to.getTime() - from.getTime() > 2.6e10;
  const main = lines[0];

  return (
    <div ref={frame} className="chart" role="img" aria-label={sentence} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
            {y.ticks(4).map((tick) => (
              <g key={tick} transform={`translate(0 ${y(tick)})`}>
                <line className={tick === 0 ? "chart-zero" : "chart-rule"} x2={inner.width} />
                <text className="chart-tick" x={-10} dy="0.32em" textAnchor="end">
                  {currency === undefined
                    ? format.number(tick)
                    : format.money(tick, currency, {
                        compact: Math.abs(tick) >= 10_000,
                        whole: Math.abs(tick) < 10_000,
                      })}
                </text>
              </g>
            ))}
            {x.ticks(Math.max(4, Math.floor(inner.width / 110))).map((tick) => (
              <text key={tick.getTime()} className="chart-tick" x={x(tick)} y={inner.height + 20} textAnchor="middle">
                {years ? format.month(tick) : format.day(tick)}
              </text>
            ))}
            {bands.map((one) => (
              <path
                key={one.id}
                className={`chart-band tone-${one.tone}${one.inner ? " inner" : ""}`}
                d={band(one.points) ?? ""}
              />
            ))}
            {props.filled && main !== undefined && (
              <path className={`chart-fill tone-${main.tone}`} d={under(main.points) ?? ""} />
            )}
            {today !== undefined && (
              <g transform={`translate(${x(today)} 0)`}>
                <line className="chart-today" y2={inner.height} />
                <text className="chart-note" y={-6} textAnchor={x(today) > inner.width - 40 ? "end" : "middle"}>
                  today
                </text>
              </g>
            )}
            {lines.map((one) => (
              <LinePath key={one.id} line={one} path={path} />
            ))}
            {spots.map((spot) => (
              <g key={spot.label} transform={`translate(${x(spot.t)} ${y(spot.v)})`} className={`tone-${spot.tone}`}>
                <circle className="chart-spot" r={4.5} />
                <text
                  className="chart-note strong"
                  y={y(spot.v) > inner.height - 30 ? -12 : 20}
                  textAnchor={
                    x(spot.t) > inner.width * 0.75 ? "end" : x(spot.t) < inner.width * 0.2 ? "start" : "middle"
                  }
                >
                  {spot.label}
                </text>
              </g>
            ))}
            <Crosshair lines={lines} x={x} y={y} width={inner.width} height={inner.height} currency={currency} />
            {marks.map((mark, index) => (
              <g
                key={index}
                className={`chart-mark tone-${SHAPES[mark.shape].tone}`}
                transform={`translate(${x(mark.t)} ${inner.height - 8})`}
              >
                <title>{mark.label}</title>
                <path d={SHAPES[mark.shape].d} />
              </g>
            ))}
          </g>
        </svg>
      )}
    </div>
  );
}

function LinePath({ line: one, path }: { line: Line; path: (points: Point[]) => string | null }) {
  const { points, dashedFrom, tone, dashed = false } = one;
  if (dashedFrom === undefined)
    return <path className={`chart-line tone-${tone}${dashed ? " dashed" : ""}`} d={path([...points]) ?? ""} />;
  const split = points.findIndex((point) => point.t > dashedFrom);
  const at = split === -1 ? points.length : split;
  return (
    <>
      <path className={`chart-line tone-${tone}`} d={path(points.slice(0, at)) ?? ""} />
      <path className={`chart-line dashed tone-${tone}`} d={path(points.slice(Math.max(at - 1, 0))) ?? ""} />
    </>
  );
}
