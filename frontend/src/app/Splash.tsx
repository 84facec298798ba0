import { Mark } from "@/shared/ui/icons";
import "./shell.css";

export function Splash() {
  return (
    <div className="splash" role="status" aria-label="Loading FinTwin">
      <Mark size={44} />
    </div>
  );
}
