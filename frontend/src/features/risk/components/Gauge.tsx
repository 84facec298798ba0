import { LEVELS, type AlertLevel } from "@/api/risk";

const RADIUS = 80;
const LENGTH = Math.PI * RADIUS;
const BOUNDS = [30, 60];

export function Gauge({ score, level }: { score: number; level: AlertLevel }) {
  const shown = LEVELS[level];
  return (
    <div
      className={`gauge gauge-${shown.tone}`}
      role="img"
      aria-label={`Risk score ${score} of 100, ${shown.text.toLowerCase()}`}
    >
      <svg viewBox="0 0 200 118" aria-hidden="true">
        <path className="gauge-track" d="M20 104a80 80 0 0 1 160 0" />
        <path
          className="gauge-value"
          d="M20 104a80 80 0 0 1 160 0"
          strokeDasharray={`${(score / 100) * LENGTH} ${LENGTH}`}
        />
        {BOUNDS.map((bound) => {
          const angle = Math.PI * (1 - bound / 100);
          const [x, y] = [Math.cos(angle), -Math.sin(angle)];
          return (
            <path
              key={bound}
              className="gauge-bound"
              d={`M${100 + x * 70} ${104 + y * 70}L${100 + x * 90} ${104 + y * 90}`}
            />
          );
        })}
      </svg>
      <div className="gauge-words">
        <span className="figure-large">{score}</span>
        <span className={`tag ${shown.tone}`}>{shown.text} risk</span>
      </div>
    </div>
  );
}
