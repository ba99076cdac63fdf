"""An invented fire plan of the city, as a file a planner would import. Nothing in it is any city's real plan."""

from __future__ import annotations

from pathlib import Path

from graph import importing
from graph.knowledge import Knowledge

NAME = "南京市测试用火灾应急预案.md"

PLAN = """# 南京市测试用火灾应急预案（虚构）

自2024年1月1日起施行

<!-- INFO END -->

## 1 总则

### 1.1 适用范围

本预案适用于南京市行政区域内发生的火灾应对工作。

## 4 应急响应

### 4.1 一级响应

#### 4.1.1 启动条件

出现下列情况之一的，启动一级响应：

（1）死亡10人以上。

### 4.2 四级响应

#### 4.2.1 启动条件

出现下列情况之一的，启动四级响应：

（1）死亡2人以上、10人以下；

（2）发生在学校、医院等人员密集场所，影响较大的。

#### 4.2.2 启动程序

由市消防安全委员会办公室主任决定启动四级响应。

#### 4.2.3 响应措施

市消防救援支队负责灭火和搜救，30分钟内报告现场情况。

市卫生健康委员会组织伤员救治，1小时内报告收治情况。

市应急管理局协调救灾物资调拨。
"""


def shelve(knowledge: Knowledge, folder: Path, *, text: str = PLAN, name: str = NAME) -> str:
    """Import the plan; returns the document's id."""
    path = folder / name
    path.write_text(text, "utf-8")
    assert importing.add(knowledge, [path], by="test").new == 1
    return importing.read_document(path).document.id
