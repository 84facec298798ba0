// Up to four kept runs over each other: first what was asked differently, then the lines, then the figures.
import { useQuery } from "@tanstack/react-query";
import { compareRuns, totalOf, type Run } from "@/api/twin";
import type { Schemas } from "@/api/client";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart, type Line } from "@/shared/charts/TimeChart";
import { useFormat } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { Shown } from "@/shared/ui/states";

const TONES: readonly Line["tone"][] = ["future", "accent", "info", "warn"];

type Kept = Schemas["KeptRun"];

interface ComparisonProps {
  chosen: readonly Kept[];
  open: boolean;
  onClose: () => void;
}

export function Comparison({ chosen, open, onClose }: ComparisonProps) {
  return (
    <Dialog title="Compare" open={open} onClose={onClose} wide>
      <Compared chosen={chosen} />
    </Dialog>
  );
}

/** `steps[0].months` -> "Step 1, months" */
function fieldName(field: string): string {
  const step = /^steps\[(\d+)\]\.(.*)$/.exec(field);
  const plain = (step?.[2] ?? field).replaceAll("_", " ");
  return step?.[1] === undefined ? plain : `Step ${Number(step[1]) + 1}, ${plain}`;
}

function Compared({ chosen }: { chosen: readonly Kept[] }) {
  const format = useFormat();
  const ids = chosen.map((one) => one.id);
  const compared = useQuery({
    queryKey: ["own", "twin", "compare", ids],
    queryFn: () => compareRuns(ids),
  });
  return (
    <Shown query={compared} lines={8}>
      {({ changed_inputs: inputs, runs: raw }) => {
        const runs = raw as Run[];
        const names = runs.map((run, index) => chosen.find((one) => one.id === run.id)?.name ?? `Run ${index + 1}`);
        const first = runs[0];
        if (first === undefined) return null;
        const { currency } = totalOf(first);
        const lines = runs.map((run, index) => ({
          id: run.id,
          label: names[index] ?? "",
          tone: TONES[index] ?? "ink",
          dashed: index % 2 === 1,
          points: run.axis.map((day, at) => ({ t: Date.parse(day), v: totalOf(run).nominal.scenario[at] ?? 0 })),
        }));
        const ends = runs.map((run) => format.money(totalOf(run).scenario.final, currency));
        return (
          <div className="stack">
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th>Asked differently</th>
                    {names.map((name, index) => (
                      <th key={index}>{name}</th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {inputs.map((one) => (
                    <tr key={one.field}>
                      <td className="quiet">{fieldName(one.field)}</td>
                      {one.values.map((value, index) => (
                        <td key={index}>{value ?? "not there"}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <ChartFrame
              title="Scenarios"
              sentence={`At the end: ${names.map((name, index) => `${name} ${ends[index] ?? ""}`).join(", ")}.`}
              legend={lines.map((one, index) => ({
                label: `${index + 1}. ${one.label}`,
                look: `${one.tone} ${one.dashed ? "dashed" : ""}`,
              }))}
              table={{
                columns: ["Figure", ...names],
                rows: [
                  ["At the end", ...ends],
                  [
                    "Than as it is",
                    ...runs.map((run) => format.money(totalOf(run).difference.final, currency, { signed: true })),
                  ],
                  ["Lowest", ...runs.map((run) => format.money(totalOf(run).scenario.lowest, currency))],
                  ["Lowest on", ...runs.map((run) => format.date(totalOf(run).scenario.lowest_on))],
                  ...["First below the limit"].map((label) => [
                    label,
                    ...runs.map((run) => {
                      const first = totalOf(run).scenario.first_breach;
                      return first === null ? "never" : format.date(first);
                    }),
                  ]),
                ],
              }}
            >
              <TimeChart
                sentence={`Scenarios end at ${ends.join(", ")}.`}
                lines={lines}
                currency={currency}
                height={280}
              />
            </ChartFrame>
          </div>
        );
      }}
    </Shown>
  );
}
