"""A person with a browser: the front page in Chromium, and where its links lead."""
import os
import re
import subprocess

CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--timeout=20000"]


def dom(url, tmp_path):
    out = subprocess.run([*CHROMIUM, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", url], capture_output=True, text=True, timeout=120,
                         env={**os.environ, "HOME": str(tmp_path), "ASAN_OPTIONS": ""})
    assert out.returncode == 0, out.stderr[-2000:]
    return out.stdout


def test_the_front_page_leads_everywhere(blog, tmp_path):
    page = dom(blog.url + "/", tmp_path)
    assert "<h1>blog</h1>" in page and "modified_at" in page
    links = re.findall(r'href="([^"]+)"', page)
    assert {"/health", "/api/openapi.json", "/api/Article?limit=20"} <= set(links)
    for link in links:
        assert blog.get(link).status_code == 200, link


def test_records_show_in_a_browser(blog, tmp_path):
    made = blog.post("/api/Category", json={"name": "Burrows & <tunnels>"})
    assert made.status_code == 201
    assert "Burrows &amp; &lt;tunnels&gt;" in dom(blog.url + "/api/Category", tmp_path)
