// Up to four kept runs over each other: first what was asked differently, then the lines, then the figures.
import { useQuery } from "@tanstack/react-query";
import { compareRuns, totalOf, type Run } from "@/api/twin";
import { ChartFrame } from "@/shared/charts/ChartFrame";
import { TimeChart, type Line } from "@/shared/charts/TimeChart";
import { useFormat } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { Shown } from "@/shared/ui/states";

const TONES: readonly Line["tone"][] = ["future", "accent", "info", "warn"];

export function Comparison({ ids, open, onClose }: { ids: readonly string[]; open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Compare" open={open} onClose={onClose} wide>
      <Compared ids={ids} />
    </Dialog>
  );
}

function Compared({ ids }: { ids: readonly string[] }) {
  const format = useFormat();
  const compared = useQuery({
    queryKey: ["own", "twin", "compare", ids],
    queryFn: () => compareRuns(ids),
  });
  return (
    <Shown query={compared} lines={8}>
      {({ changed_inputs: inputs, runs: raw }) => {
        const runs = raw as Run[];
        const names = runs.map((_, index) => `Run ${index + 1}`);
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
                    {names.map((name) => (
                      <th key={name}>{name}</th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {inputs.map((one) => (
                    <tr key={one.field}>
                      <td className="quiet">{one.field}</td>
                      {one.values.map((value, index) => (
                        <td key={index}>{value ?? "none"}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <ChartFrame
              title="Scenarios"
              sentence={`They end at ${ends.join(", ")}.`}
              legend={lines.map((one) => ({ label: one.label, look: `${one.tone} ${one.dashed ? "dashed" : ""}` }))}
              table={{
                columns: ["Figure", ...names],
                rows: [
                  ["At the end", ...ends],
                  ["Lowest", ...runs.map((run) => format.money(totalOf(run).scenario.lowest, currency))],
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
