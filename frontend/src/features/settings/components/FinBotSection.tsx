// Who words FinBot's answers, and taking a consent back.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { aboutQuery, consent } from "@/api/assistant";
import { useFormat } from "@/shared/format";
import { Notice } from "@/shared/ui/Notice";
import { Shown } from "@/shared/ui/states";

export function FinBotSection() {
  const format = useFormat();
  const client = useQueryClient();
  const about = useQuery(aboutQuery);
  const change = useMutation({
    mutationFn: consent,
    onSuccess: (told) => client.setQueryData(aboutQuery.queryKey, told),
  });
  return (
    <Shown query={about} lines={2}>
      {(told) => (
        <div className="stack">
          <p className="small quiet">
            {told.gemini_available
              ? "FinBot answers by fixed rules from your own figures. With your consent Google’s Gemini words the answers: it is sent your question and the figures looked up for it, never your name, e-mail address, phone number or account ids, and payees or notes only where that question asks for them."
              : "FinBot answers by fixed rules from your own figures. No language model is connected; nothing leaves this service."}
          </p>
          {told.gemini_available && (
            <label className="row">
              <input
                type="checkbox"
                checked={told.agreed_at !== null}
                disabled={change.isPending}
                onChange={(event) => change.mutate(event.target.checked)}
              />
              Let Gemini word the answers
              {told.agreed_at !== null && <span className="small quiet">agreed {format.time(told.agreed_at)}</span>}
            </label>
          )}
          {change.isError && <Notice tone="bad">{change.error.message}</Notice>}
        </div>
      )}
    </Shown>
  );
}
