// The run of the scenario on the screen: a coarse one while a slider moves, a fine one with uncertainty as soon as it rests.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { runQuery, type Run, type Scenario } from "@/api/twin";

const COARSE_MS = 60;
const FINE_MS = 450;
const PATHS = 1000;

function useCalm<T>(value: T, text: string, wait: number): T {
  const [calm, setCalm] = useState({ value, text });
  useEffect(() => {
    const timer = setTimeout(() => setCalm({ value, text }), wait);
    return () => clearTimeout(timer);
    // The text is the value: equal texts are one scenario.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text, wait]);
  return calm.value;
}

export interface Shown {
  run: Run | undefined;
  fine: boolean;
  busy: boolean;
  error: Error | null;
  retry: () => void;
}

export function useRun(scenario: Scenario): Shown {
  const text = JSON.stringify(scenario);
  const coarse = useQuery(runQuery(useCalm(scenario, text, COARSE_MS)));
  const resting = useCalm(scenario, text, FINE_MS);
  const fine = useQuery({
    ...runQuery({ ...resting, uncertainty: { paths: PATHS, seed: 1, own_months: true }, sensitivity: {} }),
    // One run at a time: the service limits how many a person may have under way.
    enabled: coarse.isSuccess && !coarse.isPlaceholderData && !coarse.isFetching,
  });
  const settled = JSON.stringify(resting) === text && fine.isSuccess && !fine.isPlaceholderData;
  return {
    run: settled ? fine.data : coarse.data,
    fine: settled,
    busy: !settled && (coarse.isFetching || fine.isFetching),
    error: coarse.error ?? fine.error,
    retry: () => {
      void coarse.refetch();
      void fine.refetch();
    },
  };
}
