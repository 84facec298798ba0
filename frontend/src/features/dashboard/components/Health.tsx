// How the service itself is: its parts, and how far behind they are. Asked for now and then; nothing here is a guess.
import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useFormat } from "@/shared/format";
import { Shown } from "@/shared/ui/states";

const ASK_MS = 15_000;
const STATES: Record<Schemas["Status"]["state"], { text: string; tone: string }> = {
  ok: { text: "All well", tone: "good" },
  behind: { text: "Catching up", tone: "warn" },
  stopped: { text: "A part has stopped", tone: "bad" },
};

export function Health() {
  const format = useFormat();
  const status = useQuery({
    queryKey: ["status"],
    queryFn: () => body(api.GET("/api/status")),
    refetchInterval: ASK_MS,
  });
  return (
    <>
      <div className="card-head">
        <h2>Service</h2>
        {status.data !== undefined && (
          <span className={`tag ${STATES[status.data.state].tone}`}>{STATES[status.data.state].text}</span>
        )}
      </div>
      <Shown query={status} lines={2}>
        {({ parts }) => {
          const well = parts.filter((one) => one.state === "ok");
          return (
            <div className="stack-s small">
              <p className="quiet">
                {well.length} of {parts.length} parts are up to date.
              </p>
              {parts
                .filter((one) => one.state !== "ok")
                .map((one) => (
                  <p key={one.name}>
                    <strong>{one.name.replaceAll("_", " ")}</strong>{" "}
                    {one.state === "behind"
                      ? `is ${format.number(one.lag, 0)} events behind`
                      : "has stopped; what it shows is from before"}
                  </p>
                ))}
            </div>
          );
        }}
      </Shown>
    </>
  );
}
