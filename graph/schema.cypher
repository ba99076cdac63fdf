// What must be unique, and what is looked up by more than its id. One statement per paragraph; understood by Neo4j 5 and by the
// embedded engine. Ids are digests or stable names, so a MERGE on an id is the whole of "write it once".

CREATE CONSTRAINT source_id IF NOT EXISTS FOR (n:Source) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT evidence_id IF NOT EXISTS FOR (n:Evidence) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT statement_id IF NOT EXISTS FOR (n:Statement) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT impact_id IF NOT EXISTS FOR (n:Impact) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT incident_id IF NOT EXISTS FOR (n:Incident) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT hazard_id IF NOT EXISTS FOR (n:Hazard) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT judgement_id IF NOT EXISTS FOR (n:Judgement) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT feature_id IF NOT EXISTS FOR (n:Feature) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT document_id IF NOT EXISTS FOR (n:Document) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT provision_id IF NOT EXISTS FOR (n:Provision) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT law_id IF NOT EXISTS FOR (n:Law) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT fact_id IF NOT EXISTS FOR (n:Fact) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT topic_id IF NOT EXISTS FOR (n:Topic) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT case_id IF NOT EXISTS FOR (n:Case) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT report_id IF NOT EXISTS FOR (n:Report) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT decision_id IF NOT EXISTS FOR (n:Decision) REQUIRE n.id IS UNIQUE;

CREATE CONSTRAINT projection_id IF NOT EXISTS FOR (n:Projection) REQUIRE n.id IS UNIQUE;

CREATE INDEX evidence_at IF NOT EXISTS FOR (n:Evidence) ON (n.at);

CREATE INDEX evidence_waits IF NOT EXISTS FOR (n:Evidence) ON (n.waits);

CREATE INDEX evidence_turn IF NOT EXISTS FOR (n:Evidence) ON (n.turn);

CREATE INDEX evidence_seq IF NOT EXISTS FOR (n:Evidence) ON (n.seq);

CREATE INDEX evidence_changed IF NOT EXISTS FOR (n:Evidence) ON (n.changed);

CREATE INDEX incident_changed IF NOT EXISTS FOR (n:Incident) ON (n.changed);

CREATE INDEX report_changed IF NOT EXISTS FOR (n:Report) ON (n.changed);

CREATE INDEX feature_changed IF NOT EXISTS FOR (n:Feature) ON (n.changed);

CREATE INDEX feature_kind IF NOT EXISTS FOR (n:Feature) ON (n.kind);

CREATE INDEX incident_status IF NOT EXISTS FOR (n:Incident) ON (n.status);

CREATE INDEX report_status IF NOT EXISTS FOR (n:Report) ON (n.status);

CREATE INDEX fact_subject IF NOT EXISTS FOR (n:Fact) ON (n.subject);

CREATE INDEX document_region IF NOT EXISTS FOR (n:Document) ON (n.region);

CREATE INDEX document_title IF NOT EXISTS FOR (n:Document) ON (n.title);
