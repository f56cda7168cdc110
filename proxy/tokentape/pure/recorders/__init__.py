"""What other recorders wrote: recordings of many forms, read as calls.

A recording is read in three steps, each of which knows nothing of the next: `documents` makes
fields of YAML or JSON, `forms` tells by them who wrote it, and the reader of that family (`vcr`,
`nock`, `har`) makes calls of it. A call says at once where it went; what was sent and answered is
read when it is wanted, so what went elsewhere may be as odd as it likes.

    from tokentape.pure.recorders.forms import read_recording

    recording = read_recording(text)                      RawRecording("Ruby VCR", (…,))
    [call for call in recording.calls if call.goes_to_stripe()]

All of it is raw: it holds card numbers, keys and people as they were sent. Errors and what is
counted name fields, lines and positions, never a value. `recognition` finds such files in a scan.
"""
