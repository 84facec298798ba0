// The charts of the first screen, fetched after its words and figures are there; until then their room is kept.
import { lazy, Suspense, type ComponentProps } from "react";
import type { MonthBars } from "./MonthBars";
import type { TimeChart } from "./TimeChart";

const Time = lazy(() => import("./TimeChart").then((loaded) => ({ default: loaded.TimeChart })));
const Months = lazy(() => import("./MonthBars").then((loaded) => ({ default: loaded.MonthBars })));

function Room({ height }: { height: number }) {
  return <div className="skeleton" style={{ height }} role="status" aria-label="Loading" />;
}

export function TimeChartLater(props: ComponentProps<typeof TimeChart> & { height: number }) {
  return (
    <Suspense fallback={<Room height={props.height} />}>
      <Time {...props} />
    </Suspense>
  );
}

export function MonthBarsLater(props: ComponentProps<typeof MonthBars> & { height: number }) {
  return (
    <Suspense fallback={<Room height={props.height} />}>
      <Months {...props} />
    </Suspense>
  );
}
