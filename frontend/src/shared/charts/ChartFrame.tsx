// A chart with what every chart has: a sentence that says what it shows, a legend, a table of the same figures, and its assumptions.
import { useState, type ReactNode } from "react";
import { Choices } from "@/shared/ui/Field";
import "./charts.css";

export interface ChartTable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

interface ChartFrameProps {
  title: string;
  sentence: ReactNode;
  legend?: readonly { label: string; look: string }[];
  table: ChartTable;
  aside?: ReactNode;
  /** What the figures rest on, a sentence each. */
  rests?: readonly string[];
  children: ReactNode;
}

const VIEWS = [
  ["chart", "Chart"],
  ["table", "Table"],
] as const;

export function ChartFrame({ title, sentence, legend = [], table, aside, rests = [], children }: ChartFrameProps) {
  const [view, setView] = useState<"chart" | "table">("chart");
  return (
    <section className="chart-frame" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        <Choices
          legend={`${title}: how`}
          name={`view-${title}`}
          options={VIEWS}
          value={view}
          onChange={setView}
          segmented
        />
      </div>
      <p className="chart-sentence">{sentence}</p>
      {view === "chart" ? children : <Figures table={table} title={title} />}
      {view === "chart" && legend.length > 0 && (
        <ul className="chart-legend">
          {legend.map((one) => (
            <li key={one.label}>
              <i className={`key ${one.look}`} />
              {one.label}
            </li>
          ))}
        </ul>
      )}
      {aside}
      {rests.length > 0 && (
        <details className="rests">
          <summary>What this rests on</summary>
          <ul>
            {rests.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Figures({ table, title }: { table: ChartTable; title: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="chart-figures" tabIndex={0} role="region" aria-label={`${title}, table`}>
      <table className="table">
        <thead>
          <tr>
            {table.columns.map((name, index) => (
              <th key={name} scope="col" className={index === 0 ? undefined : "number"}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row[0]}>
              {row.map((cell, index) => (
                <td key={index} className={index === 0 ? undefined : "number"}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
