"""Retrieval over a directory of one's own, read by the binary at start."""

import httpx


def test_documents_of_a_directory_are_quoted(start, tmp_path):
    (tmp_path / "tea.md").write_text("---\nteam: kitchen\n---\n# Tea\n\nGreen tea is steeped for two minutes.")
    server = start("--rag-docs", tmp_path)
    question = {"query": "How long is green tea steeped?", "filters": {"team": "kitchen"}}
    answer = httpx.post(f"{server.url}/rag/api/prompt", json=question, trust_env=False).raise_for_status().json()
    assert answer["retrieved_docs"][0]["source"] == "tea.md"
    assert "two minutes" in answer["content"]
