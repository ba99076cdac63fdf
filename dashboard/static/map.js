/* What the map's own frame draws. Every word arrives as JSON and is put on the page as text, never as HTML. */
window.anlan = (function () {
  'use strict';
  var base = {};

  function tip(layer, lines, wide) {
    var box = document.createElement('div');
    lines.filter(Boolean).forEach(function (line, i) {
      var part = document.createElement(i === 0 && lines.length > 1 ? 'b' : 'div');
      part.textContent = line;
      box.appendChild(part);
    });
    return box.childNodes.length ? layer.bindTooltip(box, { className: 'anlan-tip' + (wide ? ' anlan-tip-wide' : ''), direction: 'auto' }) : layer;
  }

  /* {kind, style, rows: [[name, geometry]]}: outlines of the base map, kept by kind so that they can be hidden without being sent again. */
  function outlines(given) {
    var collection = { type: 'FeatureCollection', features: given.rows.map(function (row) {
      return { type: 'Feature', properties: { name: row[0] }, geometry: row[1] };
    }) };
    var layer = L.geoJSON(collection, { style: given.style, smoothFactor: 1.2, onEachFeature: function (f, l) { tip(l, [f.properties.name]); } });
    if (given.kind) { base[given.kind] = layer; }
    return layer;
  }

  /* Which outlines of the base map are to be seen; a layer of nothing whose coming and going does it. */
  function showing(given) {
    var nothing = L.layerGroup([]);
    nothing.on('add', function (e) {
      Object.keys(base).forEach(function (kind) {
        var map = e.target._map, wanted = given.kinds.indexOf(kind) >= 0;
        if (wanted && !map.hasLayer(base[kind])) { map.addLayer(base[kind]); base[kind].bringToBack(); }
        if (!wanted && map.hasLayer(base[kind])) { map.removeLayer(base[kind]); }
      });
    });
    return nothing;
  }

  /* {corners}: what the map shows at first; at once, because a flight there would be drawn frame by frame before anything can be read. */
  function fit(given) {
    var nothing = L.layerGroup([]);
    nothing.on('add', function (e) { e.target._map.fitBounds(given.corners, { animate: false }); });
    return nothing;
  }

  /* {rows: [[kind, label]]}: a switch for each layer of the base map that there is. Labels are our own words. */
  function switches(given) {
    var control = L.control.layers(null, null, { collapsed: true });
    given.rows.forEach(function (row) { if (base[row[0]]) { control.addOverlay(base[row[0]], row[1]); } });
    return control;
  }

  /* {rows: [[lat, lon, name, kind, letter]], kind, hidden}: with a kind it belongs to the base map and can be switched; hidden is shown only then. */
  function sites(given) {
    var layer = L.layerGroup(given.rows.map(function (row) {
      var icon = L.divIcon({ className: 'anlan-site anlan-site-' + row[3], html: '', iconSize: [18, 18] });
      var marker = L.marker([row[0], row[1]], { icon: icon, keyboard: false, alt: row[2] });
      marker.on('add', function () { marker.getElement().textContent = row[4]; });
      return tip(marker, [row[2]]);
    }));
    if (given.kind) { base[given.kind] = layer; }
    return given.hidden ? L.layerGroup([]) : layer;
  }

  /* {rows: [[lat, lon, count]], what}: counted squares; pressed, the map goes nearer. */
  function squares(given) {
    return L.layerGroup(given.rows.map(function (row) {
      var size = Math.round(22 + 7 * Math.log10(row[2]));
      var icon = L.divIcon({ className: 'anlan-square anlan-square-' + given.kind, html: '', iconSize: [size, size] });
      var marker = L.marker([row[0], row[1]], { icon: icon, keyboard: false, alt: given.what + ' ' + row[2], zIndexOffset: -500 });
      marker.on('add', function () { var e = marker.getElement(); e.textContent = row[2] < 10000 ? row[2] : Math.round(row[2] / 1000) + 'k'; e.style.lineHeight = size + 'px'; });
      marker.on('click', function (e) { var map = e.target._map; map.setView(e.target.getLatLng(), Math.min(map.getZoom() + 2, map.getMaxZoom())); });
      return tip(marker, [given.what + ' ' + row[2]]);
    }));
  }

  /* {rows: [[lat, lon, head, words, warning]]}: single pieces of evidence. */
  function pieces(given) {
    return L.layerGroup(given.rows.map(function (row) {
      var mark = L.circleMarker([row[0], row[1]], row[4]
        ? { radius: 6, weight: 2, color: '#f0e442', fillColor: '#5c4a00', fillOpacity: 0.9 }
        : { radius: 4, weight: 1, color: '#0f151b', fillColor: '#c9d6e2', fillOpacity: 0.9 });
      return tip(mark, [row[2], row[3]], true);
    }));
  }

  /* {shapes: [svg path], colours, rows: [[lat, lon, title, words, rank, classes, radius, dashed]]} */
  function incidents(given) {
    var group = L.layerGroup([]);
    given.rows.forEach(function (row) {
      var exercise = row[5].indexOf('anlan-incident-exercise') >= 0, colour = given.colours[row[4]];
      var paint = exercise ? 'fill="#1a1026" stroke-dasharray="4 2" stroke="' + colour + '"'
        : row[7] ? 'fill="#10161d" stroke-dasharray="4 2" stroke="' + colour + '"' : 'fill="' + colour + '" stroke="#0b0f13"';
      var svg = '<svg width="26" height="26" viewBox="-2 -2 28 28" stroke-width="' + (row[7] ? 3 : 2) + '" ' + paint + '>' + given.shapes[row[4]] + '</svg>';
      if (row[6]) {
        group.addLayer(L.circle([row[0], row[1]], { radius: row[6], interactive: false, weight: 1, color: colour, opacity: 0.7,
          fillColor: colour, fillOpacity: 0.05, dashArray: row[7] ? '5 5' : null }));
      }
      var marker = L.marker([row[0], row[1]], { zIndexOffset: 1000 - 50 * row[4], riseOnHover: true, keyboard: true, alt: row[2],
        icon: L.divIcon({ className: 'anlan-incident' + row[5], html: svg, iconSize: [30, 30], iconAnchor: [15, 15] }) });
      group.addLayer(tip(marker, [row[2], row[3]]));
    });
    return group;
  }

  /* Labels of the drawing tools, in the language of the page. */
  function words(given) {
    var draw = L.drawLocal.draw, edit = L.drawLocal.edit;
    draw.toolbar.buttons.polygon = given.polygon; draw.toolbar.buttons.rectangle = given.rectangle; draw.toolbar.buttons.circle = given.circle;
    ['actions', 'finish', 'undo'].forEach(function (part) { draw.toolbar[part].title = draw.toolbar[part].text = given[part]; });
    draw.handlers.polygon.tooltip = { start: given.start, cont: given.cont, end: given.end };
    draw.handlers.rectangle.tooltip.start = draw.handlers.circle.tooltip.start = given.drag;
    draw.handlers.circle.radius = given.radius; draw.handlers.simpleshape.tooltip.end = given.release;
    edit.toolbar.actions.save.title = edit.toolbar.actions.save.text = given.save;
    edit.toolbar.actions.cancel.title = edit.toolbar.actions.cancel.text = given.cancel;
    edit.toolbar.actions.clearAll.title = edit.toolbar.actions.clearAll.text = given.clear;
    edit.toolbar.buttons.edit = edit.toolbar.buttons.editDisabled = given.edit;
    edit.toolbar.buttons.remove = edit.toolbar.buttons.removeDisabled = given.remove;
    edit.handlers.edit.tooltip = { text: given.edit, subtext: '' };
    edit.handlers.remove.tooltip = { text: given.remove };
    return L.layerGroup([]);
  }

  /* WGS 84 to GCJ-02, the offset some Chinese tile sources are drawn with; degrees, good to a metre or two. */
  function gcj(lat, lon) {
    if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) { return [lat, lon]; }
    var a = 6378245.0, ee = 0.00669342162296594323, pi = Math.PI, x = lon - 105, y = lat - 35;
    var waves = (20 * Math.sin(6 * x * pi) + 20 * Math.sin(2 * x * pi)) * 2 / 3;
    var up = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + waves +
      (20 * Math.sin(y * pi) + 40 * Math.sin(y / 3 * pi)) * 2 / 3 + (160 * Math.sin(y / 12 * pi) + 320 * Math.sin(y * pi / 30)) * 2 / 3;
    var across = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + waves +
      (20 * Math.sin(x * pi) + 40 * Math.sin(x / 3 * pi)) * 2 / 3 + (150 * Math.sin(x / 12 * pi) + 300 * Math.sin(x / 30 * pi)) * 2 / 3;
    var rad = lat / 180 * pi, magic = 1 - ee * Math.sin(rad) * Math.sin(rad), root = Math.sqrt(magic);
    return [lat + up * 180 / ((a * (1 - ee)) / (magic * root) * pi), lon + across * 180 / (a / root * Math.cos(rad) * pi)];
  }

  var Shifted = null;

  /* {url, options, shifted}: tiles; `shifted` ones are laid under the map where its own coordinates would be in GCJ-02. */
  function tiles(given) {
    if (!given.shifted) { return L.tileLayer(given.url, given.options); }
    Shifted = Shifted || L.TileLayer.extend({
      _moved: function (at) { var there = gcj(at.lat, at.lng); return L.latLng(there[0], there[1]); },
      _getTiledPixelBounds: function (center) { return L.TileLayer.prototype._getTiledPixelBounds.call(this, this._moved(center)); },
      _setZoomTransform: function (level, center, zoom) { L.TileLayer.prototype._setZoomTransform.call(this, level, this._moved(center), zoom); }
    });
    return new Shifted(given.url, given.options);
  }

  return { fit: fit, outlines: outlines, showing: showing, switches: switches, sites: sites, squares: squares, pieces: pieces, incidents: incidents, words: words, tiles: tiles, gcj: gcj };
})();
