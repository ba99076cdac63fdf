// Indexes that only Neo4j has: words of provisions, and of what stands around them, in pairs of characters, and places of surveyed bodies. The index of meanings is made
// when the first vectors come, because their length depends on the model. On the embedded engine the search keeps its own.

DROP INDEX provision_text IF EXISTS;

CREATE FULLTEXT INDEX provision_words IF NOT EXISTS FOR (n:Provision) ON EACH [n.text, n.around]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'cjk', `fulltext.eventually_consistent`: true}};

CREATE POINT INDEX feature_point IF NOT EXISTS FOR (n:Feature) ON (n.point);
