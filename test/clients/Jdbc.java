import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Properties;
import javax.net.SocketFactory;

/**
 * Jdbc CASES MODE: runs the cases with the JDBC driver, and prints what it
 * finds as cases.sql describes it. MODE is simple for the preferQueryMode of
 * that name; extended for the driver's own, and for what it says of columns;
 * any other word for its own alone. What is asked often runs six times: by
 * then the driver has it prepared in the server and reads binary values.
 */
public class Jdbc {
	/** The driver's way to the server, which listens on a Unix socket only. */
	public static class Local extends SocketFactory {
		@Override public Socket createSocket() { return new LocalSocket(); }
		@Override public Socket createSocket(String host, int port) { return new LocalSocket(); }
		@Override public Socket createSocket(String host, int port, java.net.InetAddress from, int fromPort) { return new LocalSocket(); }
		@Override public Socket createSocket(java.net.InetAddress host, int port) { return new LocalSocket(); }
		@Override public Socket createSocket(java.net.InetAddress host, int port, java.net.InetAddress from, int fromPort) { return new LocalSocket(); }
	}

	static class LocalSocket extends Socket {
		private SocketChannel channel;

		@Override public void connect(SocketAddress ignored, int timeout) throws IOException {
			channel = SocketChannel.open(StandardProtocolFamily.UNIX);
			channel.connect(UnixDomainSocketAddress.of(System.getenv("PGHOST") + "/.s.PGSQL." + System.getenv("PGPORT")));
		}
		@Override public InputStream getInputStream() { return Channels.newInputStream(channel); }
		@Override public OutputStream getOutputStream() { return Channels.newOutputStream(channel); }
		@Override public boolean isConnected() { return channel != null; }
		@Override public boolean isClosed() { return channel != null && !channel.isOpen(); }
		@Override public void close() throws IOException {
			if (channel != null)
				channel.close();
		}
		@Override public void setTcpNoDelay(boolean on) { }
		@Override public void setKeepAlive(boolean on) { }
		@Override public void setSoTimeout(int timeout) { }
		@Override public int getSoTimeout() { return 0; }
	}

	static PrintStream out;
	static Connection connection;

	static void say(String name, String line) {
		out.print(name + "\t" + line + "\n");
	}

	static String escaped(String text) {
		return text == null ? "" : text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r");
	}

	static String family(int type, String name) {
		switch (type) {
		case Types.VARCHAR: return "text";
		case Types.BIGINT: case Types.INTEGER: return "int";
		case Types.NUMERIC: return "num";
		case Types.TIMESTAMP: return "time";
		case Types.DATE: return "date";
		case Types.BIT: return "bool";
		case Types.OTHER: return name.equals("jsonb") ? "json" : "OTHER " + name;
		default: return name + " " + type;
		}
	}

	static String cell(ResultSet row, int i, String family) throws SQLException {
		if (row.getObject(i) == null)
			return "\\N";
		switch (family) {
		case "json": return "json";
		case "num": return row.getBigDecimal(i).toPlainString();
		case "int": return Long.toString(row.getLong(i));
		case "bool": return Boolean.toString(row.getBoolean(i));
		case "time": return Long.toString(row.getObject(i, OffsetDateTime.class).toInstant().toEpochMilli());
		case "date": return row.getObject(i, LocalDate.class).toString();
		default: return escaped(row.getString(i));
		}
	}

	static void bind(PreparedStatement statement, String[] types, String[] values) throws SQLException {
		for (int i = 0; i < types.length; i++) {
			switch (types[i]) {
			case "list": statement.setArray(i + 1, connection.createArrayOf("text", values[i].split("\u001e"))); break;
			case "time": statement.setObject(i + 1, OffsetDateTime.parse(values[i].replace(' ', 'T').replace("+00", "Z"))); break;
			case "date": statement.setObject(i + 1, LocalDate.parse(values[i])); break;
			case "num": statement.setBigDecimal(i + 1, new BigDecimal(values[i])); break;
			case "bool": statement.setBoolean(i + 1, values[i].equals("true")); break;
			default: statement.setString(i + 1, values[i]);
			}
		}
	}

	static void run(String kind, String name, String sql, String[] types, String[] values) {
		StringBuilder first = null;
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			for (int time = 1; time <= (kind.equals("often") ? 6 : 1); time++) {
				StringBuilder found = new StringBuilder();
				bind(statement, types, values);
				try (ResultSet row = statement.executeQuery()) {
					ResultSetMetaData columns = row.getMetaData();
					String[] families = new String[columns.getColumnCount()];
					for (int i = 0; i < families.length; i++)
						families[i] = family(columns.getColumnType(i + 1), columns.getColumnTypeName(i + 1));
					while (row.next()) {
						found.append(name).append("\t=");
						for (int i = 0; i < families.length; i++)
							found.append(i == 0 ? "" : "|").append(cell(row, i + 1, families[i]));
						found.append("\n");
					}
				}
				if (first == null)
					first = found;
				else if (!first.toString().equals(found.toString()))
					say(name, "!run " + time + " differs");
			}
			out.print(first);
			say(name, ".");
		} catch (SQLException error) {
			say(name, "!" + error.getSQLState());
			System.err.println(name + ": " + error.getMessage());
		}
	}

	static void describe() throws SQLException {
		try (ResultSet column = connection.getMetaData().getColumns(null, "crm", null, null); Statement statement = connection.createStatement()) {
			java.util.Map<String, StringBuilder> described = new java.util.TreeMap<>(), said = new java.util.TreeMap<>();
			while (column.next()) {
				String view = column.getString("TABLE_NAME"), name = column.getString("COLUMN_NAME");
				described.computeIfAbsent(view, v -> new StringBuilder())
					.append("describe " + view + "\t=" + name + " " + family(column.getInt("DATA_TYPE"), column.getString("TYPE_NAME")) + "\n");
				said.computeIfAbsent(view, v -> new StringBuilder()).append("comment " + view + "\t=" + name + " " + escaped(column.getString("REMARKS")) + "\n");
			}
			try (ResultSet view = connection.getMetaData().getTables(null, "crm", null, new String[] { "VIEW" })) {
				while (view.next()) {
					String name = view.getString("TABLE_NAME");
					try (ResultSet allowed = statement.executeQuery("SELECT has_table_privilege('crm." + name + "', 'SELECT')")) {
						allowed.next();
						if (!allowed.getBoolean(1))
							continue;
					}
					out.print(described.get(name));
					say("describe " + name, ".");
					say("comment " + name, "=" + escaped(view.getString("REMARKS")));
					out.print(said.get(name));
					say("comment " + name, ".");
				}
			}
		}
	}

	public static void main(String[] args) throws Exception {
		Properties properties = new Properties();
		properties.setProperty("user", System.getenv("PGUSER"));
		properties.setProperty("socketFactory", Local.class.getName());
		if (args[1].equals("simple"))
			properties.setProperty("preferQueryMode", "simple");
		out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
		connection = DriverManager.getConnection("jdbc:postgresql://localhost/" + System.getenv("PGDATABASE")
			+ "?options=-c%20leadflow.clock=" + System.getenv("LEADFLOW_CLOCK"), properties);
		for (String line : Files.readAllLines(Path.of(args[0]))) {
			String[] part = line.replace("\\\\", "\\").split("\t", -1);
			try (Statement statement = connection.createStatement()) {
				if (!part[2].isEmpty())
					statement.execute("SET search_path = " + part[2]);
				run(part[0], part[1], part[3], part[4].isEmpty() ? new String[0] : part[4].split(","), part[5].split("\u001f"));
				if (!part[2].isEmpty())
					statement.execute("RESET search_path");
			}
		}
		if (args[1].equals("extended"))
			describe();
		out.flush();
	}
}
