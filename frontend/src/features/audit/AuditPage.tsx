// "My events": the raw stream as stored, and a check of it that runs here, in the browser, and trusts nobody's word.
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api, nextCursor } from "@/api/client";
import { Shown, State } from "@/shared/ui/states";
import { EventRow } from "./components/EventRow";
import { VerifyCard } from "./components/VerifyCard";
import type { StoredEvent } from "./api/verify";
import "./audit.css";

const PAGE = 100;

export default function AuditPage() {
  const list = useInfiniteQuery({
    queryKey: ["own", "events"],
    initialPageParam: 0,
    queryFn: async ({ pageParam }) => {
      const asked = api.GET("/api/events", { params: { query: { after: pageParam, limit: PAGE } } });
      const { data, response } = await answer<StoredEvent[]>(asked);
      return { rows: data, next: nextCursor(response, "after") };
    },
    getNextPageParam: (page) => (page.next === null ? null : Number(page.next)),
  });
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>My events</h1>
          <p>
            Everything FinTwin knows about you, exactly as it lies in the log. Names and notes are sealed with your own
            key; amounts and times are in clear, because they are calculated with.
          </p>
        </div>
      </div>
      <VerifyCard />
      <section className="card" aria-label="Events">
        <Shown query={list} lines={8}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.rows);
            return rows.length === 0 ? (
              <State icon="log" title="No events yet" />
            ) : (
              <>
                <ul className="events">
                  {rows.map((event) => (
                    <EventRow key={event.position} event={event} />
                  ))}
                </ul>
                {list.hasNextPage && (
                  <button
                    type="button"
                    className="button"
                    disabled={list.isFetchingNextPage}
                    onClick={() => void list.fetchNextPage()}
                  >
                    {list.isFetchingNextPage ? "Loading…" : "Later events"}
                  </button>
                )}
              </>
            );
          }}
        </Shown>
      </section>
    </div>
  );
}
