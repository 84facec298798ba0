// The lowest balance that is expected within 90 days, from the twin's baseline.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { baselineQuery } from "@/api/twin";
import { useCurrency } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { Shown } from "@/shared/ui/states";

export function Outlook() {
  const format = useFormat();
  const currency = useCurrency();
  const baseline = useQuery(baselineQuery);
  return (
    <>
      <div className="card-head">
        <h2>Next 90 days</h2>
        <Link to="/twin">Open the twin</Link>
      </div>
      <Shown query={baseline}>
        {({ lowest }) => (
          <div className="stack-s">
            <div className={lowest.amount < 0 ? "figure negative" : "figure"}>
              {format.money(lowest.amount, currency)}
            </div>
            <p className="quiet small">
              is the lowest balance expected, on {format.date(lowest.on)}, from what was found to recur in your history.
            </p>
          </div>
        )}
      </Shown>
    </>
  );
}
