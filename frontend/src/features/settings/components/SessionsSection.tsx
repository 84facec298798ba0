import { useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { session } from "@/api/session";
import { useFormat } from "@/shared/format";
import { Shown } from "@/shared/ui/states";

export function SessionsSection() {
  const format = useFormat();
  const sessions = useQuery({ queryKey: ["own", "sessions"], queryFn: () => body(api.GET("/api/auth/sessions")) });
  const endAll = useMutation({
    mutationFn: () => body(api.DELETE("/api/auth/sessions")),
    onSuccess: () => session.end(),
  });
  return (
    <div className="stack">
      <Shown query={sessions}>
        {(list) => (
          <dl className="facts">
            {list.map((one) => (
              <div key={one.id}>
                <dt>
                  Since {format.time(one.created_at)} {one.current && <span className="tag good">this one</span>}
                </dt>
                <dd>until {format.time(one.expires_at)}</dd>
              </div>
            ))}
          </dl>
        )}
      </Shown>
      <div>
        <button type="button" className="button danger" disabled={endAll.isPending} onClick={() => endAll.mutate()}>
          Sign out everywhere
        </button>
      </div>
    </div>
  );
}
