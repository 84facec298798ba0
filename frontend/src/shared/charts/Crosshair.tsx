// The value under the pointer; for reading, the table view says the same without a pointer.
import { bisector } from "d3-array";
import type { ScaleLinear, ScaleTime } from "d3-scale";
import { useState, type PointerEvent } from "react";
import { useFormat } from "@/shared/format";
import type { Line, Point } from "./TimeChart";

interface CrosshairProps {
  lines: readonly Line[];
  x: ScaleTime<number, number>;
  y: ScaleLinear<number, number>;
  width: number;
  height: number;
  currency: string | undefined;
}

const byTime = bisector<Point, number>((point) => point.t);

export function Crosshair({ lines, x, y, width, height, currency }: CrosshairProps) {
  const format = useFormat();
  const [at, setAt] = useState<number | null>(null);
  const move = (event: PointerEvent<SVGRectElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(x.invert(event.clientX - box.left).getTime());
  };
  const found =
    at === null
      ? []
      : lines.flatMap((line) => {
          const first = line.points[0];
          const last = line.points.at(-1);
          if (first === undefined || last === undefined || at < first.t - 864e5 || at > last.t + 864e5) return [];
          const point = line.points[byTime.center(line.points, at)];
          return point === undefined ? [] : [{ line, point }];
        });
  const lead = found[0]?.point;
  const flip = lead !== undefined && x(lead.t) > width / 2;
  return (
    <>
      {lead !== undefined && (
        <g className="chart-cross">
          <line x1={x(lead.t)} x2={x(lead.t)} y2={height} />
          {found.map(({ line, point }) => (
            <circle key={line.id} className={`tone-${line.tone}`} cx={x(point.t)} cy={y(point.v)} r={4} />
          ))}
          <g transform={`translate(${x(lead.t) + (flip ? -10 : 10)} 8)`} textAnchor={flip ? "end" : "start"}>
            <text className="chart-note halo">{format.date(lead.t)}</text>
            {found.map(({ line, point }, index) => (
              <text key={line.id} className={`chart-note strong halo tone-${line.tone}`} y={17 * (index + 1)}>
                {found.length > 1 ? `${line.label} ` : ""}
                {currency === undefined ? format.number(point.v) : format.money(point.v, currency)}
              </text>
            ))}
          </g>
        </g>
      )}
      <rect width={width} height={height} fill="transparent" onPointerMove={move} onPointerLeave={() => setAt(null)} />
    </>
  );
}
