import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { useMe } from "@/api/queries";
import { LEVELS, riskQuery } from "@/api/risk";
import { Shown } from "@/shared/ui/states";

export function RiskCard() {
  const me = useMe();
  const risk = useQuery(riskQuery(me.id));
  return (
    <>
      <div className="card-head">
        <h2>Risk</h2>
        <Link to="/risk">Why</Link>
      </div>
      <Shown query={risk}>
        {({ score, alert_level: level, flags }) => (
          <div className="stack-s">
            <div className="row">
              <span className="figure">{score}</span>
              <span className={`tag ${LEVELS[level].tone}`}>{LEVELS[level].text}</span>
            </div>
            <p className="quiet small">{flags[0] ?? "No signal at the moment."}</p>
          </div>
        )}
      </Shown>
    </>
  );
}
