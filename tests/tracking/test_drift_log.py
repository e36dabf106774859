import json
from pathlib import Path

import secondplan as sp
from secondplan.report import drift_page


def test_a_look_at_drift_is_kept_without_children(store):
    plans = sp.simulate(n_children=300)
    training = sp.build_cohort(plans, as_of="2016-03-31")
    encoder = sp.FeatureEncoder(columns=["age_at_end"])
    model = sp.CauseSpecificCox(known_end_event=4, encoder=encoder).fit(training.X, training.y)
    report = sp.monitor(model, plans, training=training)
    run = store.client.get_run(sp.log_drift(report, page=drift_page(report).to_html(), store=store))
    assert run.info.status == "FINISHED"
    assert run.data.metrics["drift/exit_code"] == report.exit_code
    assert run.data.tags["status"] == report.status
    assert report.sentences[0] in run.data.tags["mlflow.note.content"]
    folder = Path(store.client.download_artifacts(run.info.run_id, ""))
    kept = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    assert json.loads(kept["drift.json"]) == report.to_plain()
    assert not any(child in text for text in kept.values() for child in training.keys["child_id"])
