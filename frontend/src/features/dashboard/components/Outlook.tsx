// The lowest balance that is expected within 90 days, from the twin's baseline.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { baselineQuery, totalOf } from "@/api/twin";
import { useFormat } from "@/shared/format";
import { Shown } from "@/shared/ui/states";

export function Outlook() {
  const format = useFormat();
  const baseline = useQuery(baselineQuery);
  return (
    <>
      <div className="card-head">
        <h2>Next 90 days</h2>
        <Link to="/twin">Open the twin</Link>
      </div>
      <Shown query={baseline}>
        {(run) => {
          const { currency, baseline: line } = totalOf(run);
          return (
            <div className="stack-s">
              <div className={line.lowest < 0 ? "figure negative" : "figure"}>
                {format.money(line.lowest, currency)}
              </div>
              <p className="quiet small">
                is the lowest balance expected, on {format.date(line.lowest_on)}, from what was found to recur in your
                history.
              </p>
            </div>
          );
        }}
      </Shown>
    </>
  );
}
