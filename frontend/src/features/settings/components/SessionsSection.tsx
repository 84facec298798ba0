// Where one is signed in, and ending that, one by one or all at once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { session } from "@/api/session";
import { useFormat } from "@/shared/format";
import { Notice } from "@/shared/ui/Notice";
import { Shown } from "@/shared/ui/states";

export function SessionsSection() {
  const format = useFormat();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ["own", "sessions"], queryFn: () => body(api.GET("/api/auth/sessions")) });
  const endOne = useMutation({
    mutationFn: (id: string) =>
      body(api.DELETE("/api/auth/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["own", "sessions"] }),
  });
  const endAll = useMutation({
    mutationFn: () => body(api.DELETE("/api/auth/sessions")),
    onSuccess: () => session.end(),
  });
  const failed = endOne.error ?? endAll.error;
  return (
    <div className="stack">
      <Shown query={sessions}>
        {(list) => (
          <ul className="sessions">
            {list.map((one) => (
              <li key={one.id}>
                <div>
                  <strong>{one.device ?? (one.kind === "token" ? "A program, by token" : "A browser")}</strong>{" "}
                  {one.current && <span className="tag good">this one</span>}
                  <div className="small quiet">
                    since {format.time(one.created_at)}, last used {format.ago(one.used_at)}
                  </div>
                </div>
                {!one.current && (
                  <button
                    type="button"
                    className="button small"
                    disabled={endOne.isPending}
                    onClick={() => endOne.mutate(one.id)}
                  >
                    Sign out
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Shown>
      {failed !== null && <Notice tone="bad">{failed.message}</Notice>}
      <div>
        <button type="button" className="button danger" disabled={endAll.isPending} onClick={() => endAll.mutate()}>
          Sign out everywhere
        </button>
      </div>
    </div>
  );
}
