// A bank's CSV: choose it, look at what would be booked, then book it. Coming twice with one file adds nothing.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { accountsQuery } from "@/api/queries";
import { useFormat } from "@/shared/format";
import { Dialog } from "@/shared/ui/Dialog";
import { SelectField } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { useToast } from "@/shared/ui/Toasts";
import { useCommit, usePreview, type Preview } from "@/api/importing";

const BYTES_MAX = 4 * 1024 * 1024;

export function ImportDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Import a bank file" open={open} onClose={onClose} wide>
      <ImportSteps onDone={onClose} />
    </Dialog>
  );
}

export function ImportSteps({ onDone }: { onDone: () => void }) {
  const accounts = useQuery(accountsQuery).data ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const [tooLarge, setTooLarge] = useState(false);
  const preview = usePreview();
  const commit = useCommit();
  const tell = useToast();
  const accountId = chosen ?? accounts[0]?.id;

  const read = async (file: File | undefined) => {
    setTooLarge((file?.size ?? 0) > BYTES_MAX);
    if (file === undefined || file.size > BYTES_MAX || accountId === undefined) return;
    preview.mutate({ csv: await file.text(), accountId });
  };

  return (
    <div className="stack">
      <div className="fields-2">
        <SelectField label="Onto which account" value={accountId} onChange={(event) => setChosen(event.target.value)}>
          {accounts.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name} ({one.currency})
            </option>
          ))}
        </SelectField>
        <label className="field">
          <span className="field-label">CSV file, up to 4 MB</span>
          <input
            className="input file"
            type="file"
            accept=".csv,text/csv,text/plain"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        </label>
      </div>
      {tooLarge && <Notice tone="bad">This file is larger than 4 MB: split it by year.</Notice>}
      {preview.isPending && <p className="quiet">Reading the file…</p>}
      {preview.isError && <Notice tone="bad">{preview.error.message}</Notice>}
      {commit.isError && <Notice tone="bad">{commit.error.message}</Notice>}
      {preview.data !== undefined && (
        <>
          <PreviewTable preview={preview.data} />
          <div className="row">
            <button
              type="button"
              className="button primary"
              disabled={commit.isPending || preview.data.new === 0}
              onClick={() =>
                commit.mutate(preview.data.id, {
                  onSuccess: (done) => {
                    tell(`${done.booked} transactions are booked.`);
                    onDone();
                  },
                })
              }
            >
              {commit.isPending ? "Booking…" : `Book ${preview.data.new} rows`}
            </button>
            <span className="small quiet">Nothing has been written yet.</span>
          </div>
        </>
      )}
    </div>
  );
}

function PreviewTable({ preview }: { preview: Preview }) {
  const format = useFormat();
  return (
    <>
      <p className="small">
        <strong>{preview.new} new</strong>, {preview.duplicates} already there, {preview.refused} refused. The first{" "}
        {preview.first_rows.length} as they would be booked:
      </p>
      {preview.doubts.map((doubt) => (
        <Notice key={doubt} tone="warn">
          {doubt}
        </Notice>
      ))}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <div className="chart-figures" tabIndex={0} role="region" aria-label="Rows of the file">
        <table className="table">
          <thead>
            <tr>
              <th>Date</th>
              <th>Type</th>
              <th>Text</th>
              <th className="number">Amount</th>
            </tr>
          </thead>
          <tbody>
            {preview.first_rows.map((row) => (
              <tr key={row.line}>
                <td>{format.date(row.effective_at)}</td>
                <td>{row.type}</td>
                <td>{row.counterparty?.name ?? row.note ?? row.category ?? ""}</td>
                <td className="number">{format.money(row.amount, row.currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {preview.refused_rows.slice(0, 5).map((one) => (
        <Notice key={one.line} tone="warn">
          Line {one.line}: {one.reason}
        </Notice>
      ))}
    </>
  );
}
