// Two levers at once: what is there at the end at each pair of settings. Asked for when it is opened, since it is 25 runs in one.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { gridQuery, totalOf, type LeverName, type Scenario } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { Shown } from "@/shared/ui/states";
import { LEVERS, POINTS } from "../levers";

const SETTINGS: Record<LeverName, readonly number[]> = {
  rate: [-2, -1, 0, 1, 2],
  inflation: [-2, -1, 0, 2, 4],
  income: [-20, -10, 0, 10, 20],
  spending: [-20, -10, 0, 10, 20],
  shock: [-40, -20, 0, 20, 40],
};
const NAMES = Object.keys(SETTINGS) as LeverName[];

export function TwoLevers({ scenario }: { scenario: Scenario }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="two-levers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Two at once</summary>
      {open && <Levers scenario={scenario} />}
    </details>
  );
}

function Levers({ scenario }: { scenario: Scenario }) {
  const [x, setX] = useState<LeverName>("income");
  const [y, setY] = useState<LeverName>("spending");
  const asked = useQuery(gridQuery(scenario, { x, y, x_values: SETTINGS[x], y_values: SETTINGS[y] }));
  const pick = (label: string, value: LeverName, other: LeverName, set: (name: LeverName) => void) => (
    <label className="step-line">
      {label}
      <select className="input" value={value} onChange={(event) => set(event.target.value as LeverName)}>
        {NAMES.filter((name) => name !== other).map((name) => (
          <option key={name} value={name}>
            {LEVERS[name]}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div className="stack">
      <div className="fields-2">
        {pick("Across", x, y, setX)}
        {pick("Down", y, x, setY)}
      </div>
      <Shown query={asked} lines={5}>
        {(run) => <GridTable run={run} />}
      </Shown>
    </div>
  );
}

function GridTable({ run }: { run: Parameters<typeof totalOf>[0] }) {
  const format = useFormat();
  const { sensitivity, currency } = totalOf(run);
  const grid = sensitivity?.grid;
  if (grid === null || grid === undefined) return null;
  const all = grid.finals.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const turn = (name: string, by: number) =>
    by === 0 ? "as it is" : `${by > 0 ? "+" : ""}${format.number(by)} ${POINTS.has(name) ? "points" : "%"}`;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="table-scroll" role="region" aria-label="Two levers, table" tabIndex={0}>
      <table className="table lever-grid">
        <caption>At the end, in today&rsquo;s money; the fuller the bar, the more is left.</caption>
        <thead>
          <tr>
            <th scope="col">
              {LEVERS[grid.y] ?? grid.y} \ {LEVERS[grid.x] ?? grid.x}
            </th>
            {grid.x_values.map((by) => (
              <th key={by} scope="col" className="number">
                {turn(grid.x, by)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.finals.map((row, at) => (
            <tr key={grid.y_values[at]}>
              <th scope="row">{turn(grid.y, grid.y_values[at] ?? 0)}</th>
              {row.map((final, index) => (
                <td key={index} className={final < 0 ? "number negative" : "number"}>
                  {format.money(final, currency, { whole: true })}
                  <i style={{ width: `${high === low ? 50 : ((final - low) / (high - low)) * 100}%` }} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
