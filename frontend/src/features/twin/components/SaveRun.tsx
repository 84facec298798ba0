// Keeping a run: one event in the log, nothing else.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/queries";
import { keepScenario, type Scenario } from "@/api/twin";
import { Field } from "@/shared/ui/Field";
import { Notice } from "@/shared/ui/Notice";
import { useToast } from "@/shared/ui/Toasts";

export function SaveRun({ scenario, ready }: { scenario: Scenario; ready: boolean }) {
  const [name, setName] = useState("");
  const client = useQueryClient();
  const tell = useToast();
  const save = useMutation({
    mutationFn: () => keepScenario({ ...scenario, name: name.trim() }, newKey()),
    onSuccess: () => {
      tell(`“${name.trim()}” is kept.`);
      setName("");
      return client.invalidateQueries({ queryKey: ["own"] });
    },
  });
  return (
    <form
      className="save-run"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field label="Keep this run as" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="button" disabled={!ready || name.trim() === "" || save.isPending}>
        {save.isPending ? "Keeping…" : "Keep"}
      </button>
      {save.isError && <Notice tone="bad">{save.error.message}</Notice>}
    </form>
  );
}
