# For bash, where the README's tour has set URL, api and pick: a campaign of the demo brand, and plans for it in words.
WORDS=a0000000-0000-4000-8000-000000000003
INTO='"s3_url": "s3://demo/words.mp4", "platform": "TWITTER"'

# The hours that are open; the audience of the tour likes the early ones.
api PUT /brands/11111111-1111-1111-1111-111111111111/policy '{"rules": [
  {"kind": "posting_hours", "from": "05:00", "to": "06:30"}, {"kind": "posting_hours", "from": "11:00", "to": "14:00"}]}'
api PUT /campaigns/$WORDS '{"brand_id": "11111111-1111-1111-1111-111111111111", "name": "In words",
  "start_date": "2030-07-01", "end_date": "2030-07-07"}'
api POST /campaigns/$WORDS/posts '{"posts": [
  {"post_id": "a0000000-0000-4000-8000-000000000004", "title": "One", '"$INTO"'},
  {"post_id": "a0000000-0000-4000-8000-000000000005", "title": "Two", '"$INTO"'}]}'

# What came of the words: say "Slow and steady, one a day."; a second argument is added to the request.
say() {
  PLAN=$(api POST /campaigns/$WORDS/plans '{"scheduler": "agentic", "instruction": "'"$1"'"'"${2:-}"'}' | pick plan_id)
  while ANSWER=$(api GET "/plans/$PLAN?wait_seconds=25") && [ "$(pick status <<< "$ANSWER")" = preparing ]; do :; done
  HASH=$(pick plan_hash <<< "$ANSWER")
  python3 -c '
import json, sys
plan = json.load(sys.stdin)
for name in ("scheduled_by", "reason", "instruction", "instruction_cost", "ignored_looser", "warnings"):
    print(f"{name}: {json.dumps(plan[name])}")
for each in plan["understood"]:
    print(f"  understood {each['"'field'"']}: asked {each['"'asked'"']}, before {each['"'before'"']}, after {each['"'after'"']}")
' <<< "$ANSWER"
}

# The same, with what was understood agreed to.
agree() { say "$1" ', "accept_patch": "'"$(pick patch_hash <<< "$ANSWER")"'"'; }

# Schedule the plan as it was shown; an argument is added to the request.
commit() { api POST "/plans/$PLAN/commit" '{"plan_hash": "'"$HASH"'"'"${1:-}"'}'; }

# Take it back.
undo() { api DELETE /schedule/campaign/$WORDS; }
